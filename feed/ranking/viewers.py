"""What is known of a viewer while a page is made for them."""

from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Self, overload

import numpy as np
import numpy.typing as npt
from pyroaring import BitMap

MEETINGS_REMEMBERED = 200


@dataclass(frozen=True, slots=True)
class Meeting:
    """The viewer met the clip with this number at `at` (seconds since the epoch).

    `strength` is what they made of it, from -1 (never again) over 0 (shown, no more) to 1.
    """

    number: int
    at: float
    strength: float


@dataclass(frozen=True, eq=False, slots=True)
class Meetings(Sequence[Meeting]):
    """H meetings as columns (H,): what `Meeting` says of each."""

    numbers: npt.NDArray[np.uint32]
    at: npt.NDArray[np.float64]
    strengths: npt.NDArray[np.float64]

    @classmethod
    def of(cls, meetings: Iterable[Meeting]) -> Self:
        """These meetings, in this order."""
        rows = [(one.number, one.at, one.strength) for one in meetings]
        numbers, at, strengths = zip(*rows, strict=True) if rows else ((), (), ())
        return cls(np.array(numbers, np.uint32), np.array(at, float), np.array(strengths, float))

    @overload
    def __getitem__(self, place: int) -> Meeting: ...
    @overload
    def __getitem__(self, place: slice) -> Self: ...
    def __getitem__(self, place: int | slice) -> Meeting | Self:
        if isinstance(place, slice):
            return type(self)(self.numbers[place], self.at[place], self.strengths[place])
        return Meeting(
            int(self.numbers[place]), float(self.at[place]), float(self.strengths[place])
        )

    def __len__(self) -> int:
        return len(self.numbers)

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Sequence) and tuple(self) == tuple(other)

    __hash__ = None  # type: ignore[assignment] # as of any mutable sequence

    def where(self, chosen: npt.NDArray[np.bool_]) -> Self:
        """Those that are chosen (H,)."""
        return type(self)(self.numbers[chosen], self.at[chosen], self.strengths[chosen])


@dataclass(frozen=True, eq=False, slots=True)
class Likings(Mapping[int, float]):
    """How A authors are liked, from -1 to 1, as columns (A,): author keys, and how much."""

    authors: npt.NDArray[np.int64]
    amounts: npt.NDArray[np.float64]

    @classmethod
    def of(cls, amounts: Mapping[int, float]) -> Self:
        """These, by author key."""
        return cls(np.array(list(amounts), np.int64), np.array(list(amounts.values()), float))

    def __getitem__(self, author: int) -> float:
        found = np.flatnonzero(self.authors == author)
        if not len(found):
            raise KeyError(author)
        return float(self.amounts[found[0]])

    def __iter__(self) -> Iterator[int]:
        return iter(self.authors.tolist())

    def __len__(self) -> int:
        return len(self.authors)


def no_meetings() -> Meetings:
    """Of somebody who met nothing yet."""
    return Meetings.of(())


def no_likings() -> Likings:
    """Of somebody of whose authors nothing is known."""
    return Likings.of({})


def keys_of(authors: Collection[int]) -> npt.NDArray[np.int64]:
    """Author keys as a column."""
    return np.fromiter(authors, np.int64, len(authors))


@dataclass(frozen=True)
class ViewerState:
    """A viewer's own history, as of this moment.

    `meetings` are the latest MEETINGS_REMEMBERED, oldest first; `seen` are the numbers of all clips
    ever shown to them; `authors` says how they like authors (by `author_key`), from -1 to 1.
    """

    meetings: Meetings = field(default_factory=no_meetings)
    seen: BitMap = field(default_factory=BitMap)
    followed: frozenset[int] = frozenset()
    authors: Likings = field(default_factory=no_likings)


@dataclass(frozen=True)
class Chip:
    """Something the viewer said in words they want more of (`strength` > 0) or less of (< 0).

    `meaning` (384,) is the words' embedding at length 1; `tags` are hashtags they name.  A chip
    counts until `until`, seconds since the epoch.
    """

    text: str
    strength: float
    meaning: npt.NDArray[np.float32]
    tags: frozenset[str] = frozenset()
    until: float = float("inf")


@dataclass(frozen=True)
class TopicAmount:
    """How much AI, from 0 (none) to 1 (all), the viewer wants among clips about a topic.

    Of the clips near `meaning` (384,), length 1, those that are or may be AI-made (generated,
    declared or suspected) count `amount` as much.
    """

    text: str
    amount: float
    meaning: npt.NDArray[np.float32]


@dataclass(frozen=True)
class Wishes:
    """What the viewer told the feed to do.

    `is_profiled` False means that nothing the viewer ever did may count, only what they say here.
    `provenance` is how much of each provenance state they want, from 0 (none) to 1 (all); states
    that are not named count 1.  `hidden_authors` are shown in no list: hidden, muted and blocked.
    """

    is_profiled: bool = True
    is_minor: bool = False
    chips: tuple[Chip, ...] = ()
    muted_words: frozenset[str] = frozenset()
    hidden_authors: frozenset[int] = frozenset()
    provenance: Mapping[str, float] = field(default_factory=dict)
    ai_by_topic: tuple[TopicAmount, ...] = ()
