"""Reads of follows, likes and comments; what may be seen is decided by the clips' selectors."""
