"""The catalogue as it would have been at moments of a log, for those who learn and measure."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from uuid import UUID

import numpy as np
from pyroaring import BitMap

from feed.ranking.catalogue import PROVENANCES, RESPONSES, TREND_HOURS, Catalogue
from feed.ranking.interactions import NOTHING, History, Interactions, Numbers, Query
from feed.ranking.item_models import LONG_HALF_LIVES_DAYS, ItemModels, places_of
from feed.ranking.viewers import MEETINGS_REMEMBERED, Meetings, ViewerState

NO_MEANING = 1
"""How wide embeddings are of which nothing is known: as narrow as can be."""

HOURS_PER_DAY = 24.0
SECONDS_PER_HOUR = 3600.0
MOST_SNAPSHOTS = 1_000


@dataclass(frozen=True, eq=False)
class Moment:
    """A query, with the world as it was then; `met` is all that the person had met."""

    query: Query
    models: ItemModels
    catalogue: Catalogue
    met: History

    @property
    def history(self) -> History:
        """The latest of what they had met: as much as the feed remembers of a viewer."""
        return History(self.met.items[-MEETINGS_REMEMBERED:], self.met.times[-MEETINGS_REMEMBERED:])

    @property
    def viewer(self) -> ViewerState:
        """The person as the feed would know them, had they liked all they met."""
        latest = self.history
        return ViewerState(
            meetings=Meetings(
                latest.items.astype(np.uint32), latest.times, np.ones(len(latest.items))
            ),
            seen=BitMap(self.met.items.astype(np.uint32)),
        )


def moments(seen: Interactions, queries: Sequence[Query], models: ItemModels) -> Iterator[Moment]:
    """The queries in the order of time, each with the newest of MOST_SNAPSHOTS snapshots.

    A snapshot counts only what was met before it was made: how popular things will once be is
    nothing that a feed could know.
    """
    numbers = np.unique(seen.items)
    bare = _without_counts(numbers, seen)
    histories = seen.histories()
    clock = _Clock(seen, numbers)
    known = places_of(models.numbers, numbers)
    ordered = sorted(queries, key=lambda query: query.now)
    made_at, then, catalogue = -np.inf, models, bare
    for part in np.array_split(np.arange(len(ordered)), min(len(ordered), MOST_SNAPSHOTS) or 1):
        if not len(part):
            continue
        now = ordered[part[0]].now
        if now > made_at:
            counts = clock.at(now)
            catalogue = replace(bare, trends=counts[: len(TREND_HOURS)].T.copy())
            then = replace(models, popularity=counts[len(TREND_HOURS) :, known])
            made_at = now
        for query in (ordered[place] for place in part):
            yield Moment(query, then, catalogue, histories.get(query.user, NOTHING))


class _Clock:
    """Decayed counts of all items, (H, N), at moments that rise."""

    def __init__(self, log: Interactions, numbers: Numbers) -> None:
        hours = (*TREND_HOURS, *(days * HOURS_PER_DAY for days in LONG_HALF_LIVES_DAYS))
        self._seconds = np.array(hours)[:, np.newaxis] * SECONDS_PER_HOUR
        self._log, self._columns = log, places_of(log.items, numbers)
        self._counts = np.zeros((len(hours), len(numbers)))
        self._past, self._now = 0, float(log.times[0]) if len(log) else 0.0

    def at(self, now: float) -> np.ndarray[tuple[int, int], np.dtype[np.float32]]:
        """The counts of everything met before `now`."""
        until = int(np.searchsorted(self._log.times, now, side="left"))
        new = slice(self._past, until)
        self._counts *= 0.5 ** (max(0.0, now - self._now) / self._seconds)
        worth = 0.5 ** ((now - self._log.times[new]) / self._seconds)
        size = self._counts.shape[1]
        self._counts += [
            np.bincount(self._columns[new], weights=weights, minlength=size) for weights in worth
        ]
        self._past, self._now = until, max(now, self._now)
        return self._counts.astype(np.float32)


def _without_counts(numbers: Numbers, log: Interactions) -> Catalogue:
    """A catalogue of items of which only the numbers are known, each by an author of its own.

    When each was published is not known either, so all of them are as old as the log.
    """
    size = len(numbers)
    return Catalogue(
        version="",
        numbers=numbers.astype(np.uint32),
        ids=[UUID(int=int(number)) for number in numbers],
        authors=numbers.astype(np.int64),
        published_at=np.full(size, log.times[0] if len(log) else 0.0),
        durations=np.zeros(size, np.float32),
        provenances=np.full(size, PROVENANCES.index("none"), np.uint8),
        is_for_minors=np.ones(size, bool),
        embeddings=np.zeros((size, NO_MEANING), np.float16),
        responses=np.zeros((size, len(RESPONSES)), np.float32),
        trends=np.zeros((size, len(TREND_HOURS)), np.float32),
        hashtags=[frozenset()] * size,
        words=[""] * size,
    )
