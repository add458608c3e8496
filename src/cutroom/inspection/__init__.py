"""Corruption checks and verdicts."""
