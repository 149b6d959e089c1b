"""The tables of social, one file a concern; Django finds them through this one."""

from social.models import (
    comments,
    counting,
    likes,
    notifications,
    people,
    saving,
    sharing,
    views,
)

__all__ = [
    "comments",
    "counting",
    "likes",
    "notifications",
    "people",
    "saving",
    "sharing",
    "views",
]
