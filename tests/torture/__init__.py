"""Harnesses that make the real program suffer; briefly in the tests, at length by make torture, soak and load."""
