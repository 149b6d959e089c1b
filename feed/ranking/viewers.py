"""What is known of a viewer while a page is made for them."""

from collections.abc import Mapping
from dataclasses import dataclass, field

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


@dataclass(frozen=True)
class ViewerState:
    """A viewer's own history, as of this moment.

    `meetings` are the latest MEETINGS_REMEMBERED, oldest first; `seen` are the numbers of all clips
    ever shown to them; `authors` says how they like authors (by `author_key`), from -1 to 1.
    """

    meetings: tuple[Meeting, ...] = ()
    seen: BitMap = field(default_factory=BitMap)
    followed: frozenset[int] = frozenset()
    authors: Mapping[int, float] = field(default_factory=dict)


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
