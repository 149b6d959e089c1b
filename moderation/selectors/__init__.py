"""Reads of moderation, one file a concern."""
