"""Recordings in folders: which are complete, which are done, and where their transcripts go."""
