"""make bench: stock openai-whisper, CTranslate2 (as faster-whisper uses it) and this engine, side by side."""
