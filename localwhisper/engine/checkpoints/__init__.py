"""Files of weights: which there are, how they come here, what is in them."""
