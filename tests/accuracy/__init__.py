"""Accuracy on real recordings with known texts: which words are wrong, and how long each engine takes."""

from localwhisper.engine.upstream.torch_import import configure_openmp

configure_openmp()  # before torch is imported, as in the program
