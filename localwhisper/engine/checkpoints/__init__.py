"""Files of weights: which there are, how they get here, what they contain."""
