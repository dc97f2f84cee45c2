"""Selects the formats of a model's parts for this machine, by measuring their speed and accuracy."""
