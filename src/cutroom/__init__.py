"""Cutroom: a self-hosted video workroom."""

__version__ = "0.1.0"
