"""What people chose, and what of it is in force at their age.

For minors the protection is fixed: they are not profiled, the feed rests at night, and has a
daily cap; what they choose can only make it stricter.  (Article 28 of the Digital Services Act
asks for a high level of privacy, safety and security of minors; the numbers are our choice.)
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import time


@dataclass(frozen=True, slots=True)
class Night:
    """From when to when the feed rests, by the clock on the wall; it may span midnight."""

    start: time
    end: time


MINORS_NIGHT = Night(time(22), time(6))
MINORS_DAILY_MINUTES = 60


@dataclass(frozen=True)
class Choices:
    """A person's choices; None stands for what is usual at their age.

    `amounts` is how much of each provenance state they want, from 0 (none) to 1 (all).
    """

    is_profiled: bool | None = None
    plays_by_itself: bool | None = None
    amounts: Mapping[str, float] = field(default_factory=dict)
    daily_minutes: int | None = None
    session_minutes: int | None = None
    night: Night | None = None
    time_zone: str = ""


@dataclass(frozen=True)
class Rules:
    """What holds for a person now: `nights` are all breaks, `zone` is an IANA name."""

    is_minor: bool
    is_profiled: bool
    plays_by_itself: bool
    daily_minutes: int | None
    session_minutes: int | None
    nights: tuple[Night, ...]
    zone: str

    @property
    def is_paced(self) -> bool:
        """Whether anything here ever makes the feed rest."""
        return bool(self.nights or self.daily_minutes or self.session_minutes)


def rules_for(choices: Choices, *, is_minor: bool, usual_zone: str) -> Rules:
    """What is in force for who made these choices; `usual_zone` where they named none."""
    own = (choices.night,) if choices.night else ()
    by_itself = choices.plays_by_itself
    return Rules(
        is_minor=is_minor,
        is_profiled=not is_minor and choices.is_profiled is not False,
        plays_by_itself=not is_minor if by_itself is None else by_itself,
        daily_minutes=_stricter(choices.daily_minutes, MINORS_DAILY_MINUTES if is_minor else None),
        session_minutes=choices.session_minutes,
        nights=(*own, MINORS_NIGHT) if is_minor else own,
        zone=choices.time_zone or usual_zone,
    )


def _stricter(first: int | None, second: int | None) -> int | None:
    named = [one for one in (first, second) if one is not None]
    return min(named) if named else None
