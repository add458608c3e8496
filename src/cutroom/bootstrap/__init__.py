"""Builds every object from settings and subscribes the domains to each other's events."""
