"""Work beside the queue: search, waveforms, corrections, downloads, language detection, following a job."""
