"""Writing a transcript in a file format, one module for each; where openai-whisper has a writer, as it writes."""
