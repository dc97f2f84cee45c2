"""Checkpoints, the files of weights: the catalogue, downloads and imports, reading them."""
