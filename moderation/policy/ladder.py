"""What strikes lead to: DSA Art. 23, and the ladder of `docs/reports-and-appeals.md`."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum

STRIKE_LIFE = timedelta(days=90)
GRAVE_SEVERITY = 4
WEIGHT, GRAVE_WEIGHT = 1, 2


class Rung(StrEnum):
    """How far up somebody is."""

    NONE = "none"
    WARNED = "warned"
    PAUSED_WEEK = "paused_week"
    PAUSED_MONTH = "paused_month"
    TERMINATION_PROPOSED = "termination_proposed"


RUNGS = (Rung.NONE, Rung.WARNED, Rung.PAUSED_WEEK, Rung.PAUSED_MONTH, Rung.TERMINATION_PROPOSED)
PAUSES = {
    Rung.PAUSED_WEEK: timedelta(days=7),
    Rung.PAUSED_MONTH: timedelta(days=30),
    Rung.TERMINATION_PROPOSED: timedelta(days=30),
}


@dataclass(frozen=True)
class Standing:
    """One strike, as the ladder sees it: it counts from `at` until just before `expires_at`."""

    at: datetime
    expires_at: datetime
    weight: int = WEIGHT
    is_revoked: bool = False

    def counts(self, now: datetime) -> bool:
        """Whether it counts at this moment."""
        return not self.is_revoked and self.at <= now < self.expires_at


def weight_of(severity: int) -> int:
    """How many strikes a decision of this severity (1 to 4) counts as."""
    return GRAVE_WEIGHT if severity >= GRAVE_SEVERITY else WEIGHT


def points(strikes: Iterable[Standing], *, now: datetime) -> int:
    """The strikes that count now, with their weights."""
    return sum(strike.weight for strike in strikes if strike.counts(now))


def rung(strikes: Iterable[Standing], *, now: datetime) -> Rung:
    """One: a warning; two: a week; three: a month; four or more: a person proposes the end."""
    return RUNGS[min(points(strikes, now=now), len(RUNGS) - 1)]


def paused_until(strikes: Iterable[Standing], *, now: datetime) -> datetime | None:
    """Until when the account is paused; None when it is not.

    The pause is as long as the rung that stands now says, from the newest strike that counts: so
    a strike that is revoked shortens or ends it, and time alone never lengthens it.
    """
    given = list(strikes)
    pause = PAUSES.get(rung(given, now=now))
    if pause is None:
        return None
    end = max(strike.at for strike in given if strike.counts(now)) + pause
    return end if end > now else None
