"""Footage that arrives over the wire: streamed to disk, checked, handed to the library."""
