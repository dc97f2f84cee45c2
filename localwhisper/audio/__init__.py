"""Any file with sound → mono 16 kHz samples, in bounded memory. Knows ffmpeg, nothing of models."""
