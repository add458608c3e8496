"""Where bytes live: the object store port, the local disk behind it, and a fake that ships for tests."""
