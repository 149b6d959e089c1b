"""What a viewer's events come to: the clips they met, the authors they like, what they have seen.

A history is a fold over events in the order in which they were written; a stretch of it can be
kept and the rest added, and comes to the same.
"""

import math
from collections.abc import Iterable
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
from pyroaring import BitMap

from feed.ranking.actions import Action, Event
from feed.ranking.viewers import (
    MEETINGS_REMEMBERED,
    Likings,
    Meeting,
    Meetings,
    keys_of,
    no_meetings,
)
from feed.ranking.watching import strength_of

Keys = npt.NDArray[np.int64]
Doubles = npt.NDArray[np.float64]

AUTHORS_REMEMBERED = 500
AUTHOR_HALF_LIFE_SECONDS = 30 * 86_400.0
TAKEN_BACK = frozenset({Action.UNLIKE, Action.UNSAVE, Action.UNFOLLOW})
"""What ends an earlier act: afterwards that act says nothing any more."""


@dataclass(frozen=True, slots=True)
class Happening:
    """An event, with the clip's number (None where no clip was met) and its author's key."""

    number: int | None
    author: int
    event: Event


@dataclass(frozen=True, slots=True)
class Liking:
    """The sum of what was said of an author's clips, faded to `at`, seconds since the epoch."""

    sum: float
    at: float

    def at_time(self, now: float) -> float:
        """The sum faded to `now`."""
        age = max(0.0, now - self.at)
        return self.sum * math.pow(0.5, age / AUTHOR_HALF_LIFE_SECONDS)


@dataclass(frozen=True)
class History:
    """What events come to; `meetings` are the latest, oldest first, each clip once."""

    meetings: Meetings
    authors: dict[int, Liking]
    seen: BitMap

    def likings(self, now: float) -> Likings:
        """How each author is liked, from -1 to 1, as of `now`."""
        said = self.authors.values()
        sums, at = np.array([one.sum for one in said]), np.array([one.at for one in said])
        return likings_at(keys_of(self.authors), sums, at, now=now)


def no_history() -> History:
    """What is known of somebody who did nothing yet."""
    return History(no_meetings(), {}, BitMap())


def likings_at(authors: Keys, sums: Doubles, at: Doubles, *, now: float) -> Likings:
    """How authors are liked, from -1 to 1, of whom the sum (A,) was said, faded to `at` (A,)."""
    faded = sums * np.exp2(-np.maximum(0, now - at) / AUTHOR_HALF_LIFE_SECONDS)
    return Likings(authors, np.tanh(faded / 2))


def after(history: History, happenings: Iterable[Happening]) -> History:
    """`history` with what happened since; itself unchanged."""
    met = {one.number: one for one in history.meetings}
    authors, seen = dict(history.authors), history.seen.copy()
    for one in happenings:
        authors[one.author] = _liking(authors.get(one.author), one.event)
        if one.number is None:
            continue
        seen.add(one.number)
        met[one.number] = _meeting(met.pop(one.number, None), one.number, one.event)
    kept = sorted(met.values(), key=lambda meeting: meeting.at)[-MEETINGS_REMEMBERED:]
    return History(Meetings.of(kept), _strongest(authors), seen)


def _meeting(before: Meeting | None, number: int, event: Event) -> Meeting:
    """The strongest word on a clip counts, the later of two equals; taking back ends it."""
    strength = strength_of(event)
    if before is None:
        return Meeting(number, event.at, strength)
    at = max(before.at, event.at)
    is_said_anew = event.action in TAKEN_BACK or abs(strength) >= abs(before.strength)
    return Meeting(number, at, strength if is_said_anew else before.strength)


def _liking(before: Liking | None, event: Event) -> Liking:
    said = strength_of(event)
    if before is None:
        return Liking(said, event.at)
    at = max(before.at, event.at)
    faded = Liking(said, event.at).at_time(at)
    return Liking(before.at_time(at) + faded, at)


def _strongest(authors: dict[int, Liking]) -> dict[int, Liking]:
    said = {key: one for key, one in authors.items() if one.sum}
    if len(said) <= AUTHORS_REMEMBERED:
        return said
    now = max(one.at for one in said.values())
    order = sorted(said, key=lambda key: -abs(said[key].at_time(now)))
    return {key: said[key] for key in order[:AUTHORS_REMEMBERED]}
