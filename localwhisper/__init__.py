"""localwhisper: local transcription of speech. Nothing heavy is imported here."""

__version__ = "0.1.0"
