"""What the ranking answers: clips in order, each with why."""

from collections.abc import Mapping
from typing import NamedTuple


class Pick(NamedTuple):
    """A clip, by number, chosen for a place on a page.

    `sources` say which lists it came from and how much each adds to its score; `factors` what the
    score was multiplied or moved by (freshness, author, wish …).  `propensity` is the probability
    with which it was chosen for its place, 1 unless chance had a part in it.
    """

    number: int
    score: float
    sources: Mapping[str, float]
    factors: Mapping[str, float]
    propensity: float = 1.0
    is_exploration: bool = False
