"""The database: engine, transaction edge, table registry and migrations."""
