"""News from the floors below."""
