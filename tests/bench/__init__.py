"""make bench: stock openai-whisper, CTranslate2 (as faster-whisper uses it) and this engine, side by side."""

import localwhisper.engine  # noqa: F401  (before torch: OpenMP's threads wait as they do in the program)
