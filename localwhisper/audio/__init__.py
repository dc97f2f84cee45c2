"""Media files → mono 16 kHz samples, in bounded memory. Runs ffmpeg; knows nothing of models."""
