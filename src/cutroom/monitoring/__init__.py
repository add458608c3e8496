"""The reading side of running: what all processes have counted, what is slow, and what would make it quicker."""
