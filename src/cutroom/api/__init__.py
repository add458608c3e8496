"""The HTTP entrance: routes, answer schemas, the error table, security middleware, media and UI files."""
