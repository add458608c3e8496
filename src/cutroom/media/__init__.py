"""The only room that decodes, encodes or parses media; synchronous, and untrusted input runs in bounded processes."""
