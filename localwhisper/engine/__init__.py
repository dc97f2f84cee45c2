"""Speech to text. Only this package imports torch and whisper, and only in a worker's path."""
