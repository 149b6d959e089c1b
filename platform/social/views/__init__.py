"""Social over HTTP, one file a concern."""
