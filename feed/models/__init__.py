"""The tables of the feed, one file a concern; Django finds them through this one."""

from feed.models import entries, guests, wishes

__all__ = ["entries", "guests", "wishes"]
