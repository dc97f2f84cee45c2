"""Transcripts as files: the same text that openai-whisper's own writers give."""
