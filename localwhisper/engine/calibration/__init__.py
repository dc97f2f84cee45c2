"""Which formats a model's parts take on this machine: measured, chosen, remembered."""
