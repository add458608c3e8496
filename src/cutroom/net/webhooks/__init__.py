"""Webhooks: who wants to be told of what, and deliveries that are signed, repeated and kept for a while."""
