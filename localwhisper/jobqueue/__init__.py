"""The job queue: which job runs when, and who is told about it."""
