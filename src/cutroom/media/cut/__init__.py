"""Cutting a range of frames out of a file: an index of its pictures, a plan over them, and three ways to carry it out."""
