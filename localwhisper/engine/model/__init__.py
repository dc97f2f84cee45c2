"""whisper's network over weights that any number of threads share."""
