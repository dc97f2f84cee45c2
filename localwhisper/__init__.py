"""localwhisper: speech to text on your own machine. Importing this package imports nothing else."""

__version__ = "0.1.0"
