"""Accuracy on real recordings with known texts: which words are wrong, and how long each engine takes."""

from localwhisper.native_libraries import configure_openmp

configure_openmp()  # before torch is imported, as in the program
