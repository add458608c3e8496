"""The Alembic tree; revisions are written by hand and never edited once released."""
