"""How media leaves: signed addresses, a content delivery network before the server, and purging it."""
