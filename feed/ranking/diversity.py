"""The order of a page: the best first, not all about the same, and not all by one author.

The decay and its floor are those of X's published home mixer (author diversity 0.5, 0.25).
"""

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from feed.ranking.catalogue import PROVENANCES, Floats, Places
from feed.ranking.compiled import NO_PLACE, varied_places
from feed.ranking.parameters import Parameters

KINDS = len(PROVENANCES)


@dataclass(frozen=True)
class Pool:
    """M clips among which an order is found: score > 0, coordinates (M, d), author, provenance."""

    scores: Floats
    coordinates: Floats
    authors: Places
    kinds: npt.NDArray[np.uint8]

    def __len__(self) -> int:
        return len(self.scores)


def varied_order(
    pool: Pool,
    *,
    count: int,
    fixed: Mapping[int, int],
    shares: Mapping[int, float],
    parameters: Parameters,
) -> Places:
    """The order of `count` of the pool's clips: good ones, unlike those before, by many authors.

    Maximal marginal relevance (Carbonell and Goldstein, 1998) over scores that fall with every
    clip by the same author.  What a clip is too like is not only the nearest of those before it:
    the squares of its likeness to all of the page are added up (max-sum diversification; Borodin,
    Lee and Ye, 2012), so that the third of a kind costs more than the second, and what is hardly
    alike nothing.  `fixed` names places and the clips that chance gave them.  An author
    has at most `author_cap` of ten places that follow each other, and a kind of provenance at most
    its share of the places so far, unless nothing else is left.
    """
    kept = np.full(count, NO_PLACE, np.int64)
    for place, clip in fixed.items():
        kept[place] = clip
    return varied_places(
        pool.scores,
        pool.coordinates,
        pool.authors,
        pool.kinds,
        kept,
        np.array([shares.get(kind, 1.0) for kind in range(KINDS)], np.float32),
        (parameters.diversity_theta, parameters.author_decay, parameters.author_floor),
        parameters.author_cap,
    )
