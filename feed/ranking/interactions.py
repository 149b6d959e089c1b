"""Who met what and when: the log that the item models learn from and are measured on."""

import csv
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Self

import numpy as np
import numpy.typing as npt

from common.errors import Invalid

Numbers = npt.NDArray[np.int64]
Floats = npt.NDArray[np.float64]
Flags = npt.NDArray[np.bool_]

COLUMNS = ("user", "item", "timestamp")


class UnableToReadInteractions(Invalid):
    """The file is no log of interactions; the message says which line is wrong, and how."""


@dataclass(frozen=True, eq=False)
class History:
    """What one person met, oldest first: numbers of items, (N,), and when, in seconds."""

    items: Numbers
    times: Floats

    def __len__(self) -> int:
        return len(self.items)


NOTHING = History(np.empty(0, np.int64), np.empty(0))


@dataclass(frozen=True, eq=False)
class Interactions:
    """N events in the order of time: numbers of users and of items, and seconds, each (N,)."""

    users: Numbers
    items: Numbers
    times: Floats

    def __len__(self) -> int:
        return len(self.users)

    @classmethod
    def of(
        cls,
        users: npt.ArrayLike,
        items: npt.ArrayLike,
        times: npt.ArrayLike,
    ) -> Self:
        """The events, in any order, each once; events of the same moment keep their order."""
        who, what = np.asarray(users, np.int64), np.asarray(items, np.int64)
        when = np.asarray(times, np.float64)
        kept = _first_places(who, what, when)
        kept = kept[np.argsort(when[kept], kind="stable")]
        return cls(who[kept], what[kept], when[kept])

    def where(self, kept: Flags) -> "Interactions":
        """The events that `kept`, (N,), names."""
        return Interactions(self.users[kept], self.items[kept], self.times[kept])

    def until(self, moment: float) -> "Interactions":
        """The events no later than `moment`."""
        size = int(np.searchsorted(self.times, moment, side="right"))
        return Interactions(self.users[:size], self.items[:size], self.times[:size])

    def first_meetings(self) -> "Interactions":
        """Of everybody's events with an item, the first."""
        order = np.lexsort((self.items, self.users))  # stable: the earliest of equals comes first
        again = np.zeros(len(self), bool)
        again[order[1:]] = (np.diff(self.users[order]) == 0) & (np.diff(self.items[order]) == 0)
        return self.where(~again)

    def histories(self) -> Mapping[int, History]:
        """What each person met, by their number."""
        order = np.argsort(self.users, kind="stable")
        users = self.users[order]
        starts = np.flatnonzero(np.r_[True, users[1:] != users[:-1]]) if len(users) else users
        parts = np.split(order, starts[1:]) if len(users) else []
        return {
            int(users[start]): History(self.items[part], self.times[part])
            for start, part in zip(starts, parts, strict=True)
        }


@dataclass(frozen=True, eq=False)
class Query:
    """A person at a moment, and the items they met next: to be found among all they had not met."""

    user: int
    now: float
    targets: Numbers


@dataclass(frozen=True, eq=False)
class Split:
    """What may be learned from, and what is then asked, in the order of time."""

    seen: Interactions
    queries: Sequence[Query]


def leave_last_out(log: Interactions) -> Split:
    """All but everybody's last event, and those: each is asked for at its own moment."""
    last = np.zeros(len(log), bool)
    if len(log):
        last[len(log) - 1 - np.unique(log.users[::-1], return_index=True)[1]] = True
    asked = log.where(last)
    queries = [
        Query(int(user), float(time), np.array([item]))
        for user, item, time in zip(asked.users, asked.items, asked.times, strict=True)
    ]
    return Split(log.where(~last), queries)


def at_time(log: Interactions, share: float) -> Split:
    """The first `share` of the events, and everything that everybody met from that moment on."""
    if not len(log):
        return Split(log, [])
    moment = float(np.quantile(log.times, share))
    after = log.where(log.times >= moment).histories()
    queries = [Query(user, moment, np.unique(met.items)) for user, met in after.items()]
    return Split(log.where(log.times < moment), queries)


def read_interactions(path: Path) -> Interactions:
    """The log in a CSV file with the columns user, item and timestamp (seconds since the epoch).

    Names of users and items may be any text; they are numbered in the order of their names.  The
    lines may come in any order, but events of the same second keep that of the file; a line that is
    there twice counts once.  Raises UnableToReadInteractions.
    """
    users, items = dict[str, int](), dict[str, int]()
    read = np.fromiter(
        (
            (users.setdefault(user, len(users)), items.setdefault(item, len(items)), time)
            for user, item, time in _rows(path)
        ),
        np.dtype([("user", np.int64), ("item", np.int64), ("time", np.float64)]),
    )
    if not len(read):
        raise UnableToReadInteractions(f"{path} holds no interaction.")
    return Interactions.of(
        _in_order(users)[read["user"]], _in_order(items)[read["item"]], read["time"]
    )


def _in_order(names: Mapping[str, int]) -> Numbers:
    """The place of each name among all, by the number it was given."""
    places = np.empty(len(names), np.int64)
    places[[names[name] for name in sorted(names)]] = np.arange(len(names))
    return places


def _rows(path: Path) -> Iterator[tuple[str, str, float]]:
    try:
        with path.open(newline="", encoding="utf-8-sig") as file:
            reader = csv.reader(file, strict=True)
            places = _places(next(reader, []), path)
            for cells in reader:
                if cells:
                    yield _row(cells, places, f"{path}, line {reader.line_num}")
    except (OSError, UnicodeDecodeError, csv.Error) as error:
        raise UnableToReadInteractions(f"{path} can not be read as CSV: {error}.") from error


def _places(header: Sequence[str], path: Path) -> tuple[int, int, int]:
    names = [name.strip().lower() for name in header]
    if missing := [name for name in COLUMNS if name not in names]:
        raise UnableToReadInteractions(f"{path}, line 1: no column named {', '.join(missing)}.")
    user, item, time = (names.index(name) for name in COLUMNS)
    return user, item, time


def _row(cells: Sequence[str], places: tuple[int, int, int], where: str) -> tuple[str, str, float]:
    if len(cells) <= max(places):
        raise UnableToReadInteractions(f"{where}: {len(cells)} columns are too few.")
    user, item, said = (cells[place].strip() for place in places)
    try:
        time = float(said)
    except ValueError as error:
        raise UnableToReadInteractions(
            f"{where}: {said[:40]!r} is no number of seconds."
        ) from error
    if not user or not item or not np.isfinite(time):
        raise UnableToReadInteractions(f"{where}: a user, an item and a time are needed.")
    return user, item, time


def _first_places(users: Numbers, items: Numbers, times: Floats) -> Numbers:
    """Where each different event is for the first time."""
    order = np.lexsort((times, items, users))
    same = np.zeros(len(users), bool)
    same[1:] = (
        (np.diff(users[order]) == 0) & (np.diff(items[order]) == 0) & (np.diff(times[order]) == 0)
    )
    return np.sort(order[~same])
