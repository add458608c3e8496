"""Outgoing HTTP: one client that reaches no address it was not allowed to, and webhooks over it."""
