"""Where jobs are stored, and what is kept beside them in the data directory."""
