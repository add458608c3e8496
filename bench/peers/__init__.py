"""Peers that have to be written down to be measured: the same work, done the usual way."""
