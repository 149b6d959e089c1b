"""Reads of the feed; nothing in them that the viewer may not see."""
