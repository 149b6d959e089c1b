"""The tables of the feed, one file a concern; Django finds them through this one."""

from feed.models import (
    arrivals,
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
    "arrivals",
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
