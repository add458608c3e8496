"""The reading side of running: what is slow, and what would make it quicker."""
