"""Announcements inside a transaction, the outbox they are written to, and its tail."""
