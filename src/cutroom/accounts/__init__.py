"""People, roles, sessions, tokens, audit."""
