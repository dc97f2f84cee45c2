"""torch's private operations, and public ones whose registration isn't documented (`torch.ops`)."""
