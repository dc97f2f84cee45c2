"""Benchmarks: this engine compared with openai-whisper and with CTranslate2, which faster-whisper uses."""

import localwhisper.engine  # noqa: F401  (before torch, because it configures OpenMP)
