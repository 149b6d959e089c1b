"""The tables of the feed, one file a concern; Django finds them through this one."""

from feed.models import (
    entries,
    events,
    guests,
    impressions,
    pins,
    responses,
    searching,
    serving,
    wishes,
)

__all__ = [
    "entries",
    "events",
    "guests",
    "impressions",
    "pins",
    "responses",
    "searching",
    "serving",
    "wishes",
]
