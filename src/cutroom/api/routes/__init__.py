"""One module per domain; each translates in, calls a service, translates out."""
