"""When the feed rests, and when it goes on."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from enum import StrEnum
from zoneinfo import ZoneInfo

from feed.policy.choices import Night

SESSION_BREAK_SECONDS = 15 * 60
"""How long a session's break lasts; who does nothing for as long begins a new session."""
LONGEST_STRETCH_SECONDS = 90
"""The most that counts between two signs of life: who went away is not watching."""


class Reason(StrEnum):
    """Why the feed rests."""

    NIGHT = "night"
    DAY = "day"
    SESSION = "session"


@dataclass(frozen=True, slots=True)
class Break:
    """The feed rests until `ends_at`, which is in the viewer's own time zone."""

    reason: Reason
    ends_at: datetime


def night_break(nights: Iterable[Night], *, zone: str, now: datetime) -> Break | None:
    """The night that it is, until the end of the last of those that follow upon each other."""
    here, nights = now.astimezone(ZoneInfo(zone)), tuple(nights)
    end = here
    for _ in nights:
        end = max((_end(one, end) for one in nights), default=end)
    return Break(Reason.NIGHT, end) if end > here else None


def day_break(*, zone: str, now: datetime) -> Break:
    """The rest of a day whose time is spent."""
    here = now.astimezone(ZoneInfo(zone))
    return Break(Reason.DAY, _at(here.date() + timedelta(days=1), time(), here))


def session_break(until: float, *, zone: str) -> Break:
    """The rest after a long session, until `until`, seconds since the epoch."""
    return Break(Reason.SESSION, datetime.fromtimestamp(until, UTC).astimezone(ZoneInfo(zone)))


def _end(night: Night, here: datetime) -> datetime:
    """When `night` ends, if it is that night; `here` itself otherwise."""
    clock = here.time()
    if night.start < night.end:
        is_now = night.start <= clock < night.end
        return _at(here.date(), night.end, here) if is_now else here
    if clock >= night.start:
        return _at(here.date() + timedelta(days=1), night.end, here)
    return _at(here.date(), night.end, here) if clock < night.end else here


def _at(day: date, clock: time, here: datetime) -> datetime:
    """A moment of the wall's clock, compared by the instants: nights differ when clocks change."""
    moment = datetime.combine(day, clock, tzinfo=here.tzinfo)
    return moment.astimezone(UTC).astimezone(here.tzinfo)
