"""Services beside the queue: transcripts and corrections, search, waveforms, downloads, language detection."""
