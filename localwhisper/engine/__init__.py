"""Speech to text. Only this package imports torch and whisper, and only inside a worker's path."""
