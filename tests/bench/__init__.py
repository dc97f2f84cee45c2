"""Benchmarks: this engine compared with openai-whisper and with CTranslate2, which faster-whisper uses."""

from localwhisper.native_libraries import configure_openmp

configure_openmp()  # before torch is imported, as in the program
