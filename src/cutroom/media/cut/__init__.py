"""Cutting a range of frames out of a file: an index of its pictures, a plan over them, three ways to do it."""
