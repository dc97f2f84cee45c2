"""The job queue: what runs when, and who hears of it."""
