"""Benches: each claim of the project against a named peer or floor. Run with `cutroom bench`."""
