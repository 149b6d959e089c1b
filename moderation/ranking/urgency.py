"""How soon something must be judged.

    urgency = 4^(severity - 1) x (1 + log10(1 + reach)) x weight x time x lane

`time` is 1 + days waited, and where there is a deadline, also + 24 hours / hours left; a deadline
that is a quarter of an hour away or past counts as a quarter of an hour, and every hour past it
adds as much again.  `lane` is 100 for trusted flaggers, whose notices come first (Art. 22 of
Regulation (EU) 2022/2065), and 1 for everybody else.
"""

from dataclasses import dataclass
from datetime import datetime, timedelta
from math import log10

SEVERITY_STEP = 4.0
LEAST_WEIGHT, MOST_WEIGHT = 0.1, 10.0
TRUSTED_LANE = 100.0
DAY = timedelta(days=1)
LAST_QUARTER = timedelta(minutes=15)
HOUR = timedelta(hours=1)


@dataclass(frozen=True)
class Case:
    """What makes one matter more urgent than another.

    `severity` is 1 to 4, `reach` how many have seen it, `weight` how far its reporters are to be
    believed (1 for somebody unknown; what is beyond 0.1 to 10 is cut).
    """

    severity: int
    reach: int
    weight: float
    is_from_trusted_flagger: bool
    opened_at: datetime
    deadline_at: datetime | None


def urgency(case: Case, *, now: datetime) -> float:
    """A number over 0 that grows with severity, reach, weight, age and as the deadline nears."""
    weight = min(max(case.weight, LEAST_WEIGHT), MOST_WEIGHT)
    lane = TRUSTED_LANE if case.is_from_trusted_flagger else 1.0
    severity = SEVERITY_STEP ** (case.severity - 1)
    reach = 1.0 + log10(1 + case.reach)
    return severity * reach * weight * _time(case, now) * lane


def _time(case: Case, now: datetime) -> float:
    waited = 1.0 + max(now - case.opened_at, timedelta()) / DAY
    if case.deadline_at is None:
        return waited
    left = max(case.deadline_at - now, LAST_QUARTER)
    late = max(now - case.deadline_at, timedelta())
    return waited + (DAY / left) * (1.0 + late / HOUR)
