"""The order of a page: the best first, not all about the same, and not all by one author.

The decay and its floor are those of X's published home mixer (author diversity 0.5, 0.25).
"""

from collections import defaultdict
from collections.abc import Mapping
from dataclasses import dataclass
from itertools import pairwise

import numpy as np
import numpy.typing as npt

from feed.ranking.catalogue import Floats, Places
from feed.ranking.parameters import Parameters

WINDOW = 10
"""Places that follow each other, in which an author's clips are counted: a page."""

HALF = 0.5
TINY = 1e-9


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
) -> list[int]:
    """The order of `count` of the pool's clips: good ones, unlike those before, by many authors.

    Maximal marginal relevance (Carbonell and Goldstein, 1998) over scores that fall with every
    clip by the same author.  What a clip is too like is not only the nearest of those before it:
    the squares of its likeness to all of the page are added up (max-sum diversification; Borodin,
    Lee and Ye, 2012), so that the third of a kind costs more than the second, and what is hardly
    alike nothing.  `fixed` names places and the clips that chance gave them.  An author
    has at most `author_cap` of ten places that follow each other, and a kind of provenance at most
    its share of the places so far, unless nothing else is left.
    """
    line = _Line(pool, frozenset(fixed.values()), shares, parameters)
    while len(line.chosen) < min(count, len(pool)):
        place = fixed.get(len(line.chosen))
        if place not in line.kept or line.is_full(place):
            place = line.next_best()
        if place is None:
            break
        line.append(place)
    return line.chosen


class _Line:
    """An order in the making."""

    def __init__(
        self, pool: Pool, kept: frozenset[int], shares: Mapping[int, float], parameters: Parameters
    ) -> None:
        self.chosen: list[int] = []
        self._kinds = pool.kinds
        self._shares = shares
        self._parameters = parameters
        scores = pool.scores / max(float(pool.scores.max(initial=0.0)), TINY)
        self._worth = np.float32(parameters.diversity_theta) * scores
        # What is on a place, or kept for one, is worth nothing any more.
        self._worth[list(kept)] = -np.inf
        self._likeness = np.maximum(pool.coordinates @ pool.coordinates.T, 0)
        self._likeness *= self._likeness * np.float32(1 - parameters.diversity_theta)
        self._crowd = np.zeros(len(pool), np.float32)
        self._left = np.empty(len(pool), np.float32)
        self.kept = set(kept)
        self._author_of: list[int] = pool.authors.tolist()
        self._places_of = defaultdict[int, list[int]](list)
        for place, author in enumerate(self._author_of):
            self._places_of[author].append(place)
        factors = [self._factor(already) for already in range(1 + self._most_of_one())]
        self._falls = [after / before for before, after in pairwise(factors)]
        self._by_author = defaultdict[int, int](int)
        self._lately = defaultdict[int, int](int)
        self._by_kind = defaultdict[int, int](int)

    def next_best(self) -> int | None:
        """The best clip that is left and not one too many; one too many if nothing else is left."""
        worth = np.subtract(self._worth, self._crowd, out=self._left)
        best = place = int(worth.argmax())
        if worth[best] == -np.inf:
            return min(self.kept, default=None)
        while worth[place] > -np.inf:
            if not self.is_full(place):
                return place
            self._strike_out(worth, place)
            place = int(worth.argmax())
        return best

    def is_full(self, place: int) -> bool:
        """Whether this clip's author or kind has had its share."""
        if self._lately[self._author_of[place]] >= self._parameters.author_cap:
            return True
        return bool(self._shares) and int(self._kinds[place]) in self._full_kinds()

    def append(self, place: int) -> None:
        """Put the clip on the next place."""
        author, clips = self._author_of[place], self._places_of[self._author_of[place]]
        self.chosen.append(place)
        self.kept.discard(place)
        self._worth[place] = -np.inf
        self._crowd += self._likeness[place]
        if len(clips) > 1:
            self._worth[clips] *= self._falls[self._by_author[author]]
        self._by_author[author] += 1
        self._lately[author] += 1
        if len(self.chosen) >= WINDOW:
            leaving = self.chosen[-WINDOW]
            self._crowd -= self._likeness[leaving]
            self._lately[self._author_of[leaving]] -= 1
        self._by_kind[int(self._kinds[place])] += 1

    def _strike_out(self, worth: Floats, place: int) -> None:
        """Take all of the author, or of the kind, that has had its share out of what is left."""
        author = self._author_of[place]
        if self._lately[author] >= self._parameters.author_cap:
            worth[self._places_of[author]] = -np.inf
        else:
            worth[self._kinds == self._kinds[place]] = -np.inf

    def _full_kinds(self) -> set[int]:
        places = len(self.chosen) + 1
        return {
            kind
            for kind, share in self._shares.items()
            if self._by_kind[kind] + 1 > share * places + HALF
        }

    def _most_of_one(self) -> int:
        return max(map(len, self._places_of.values()), default=0)

    def _factor(self, already: int) -> np.float32:
        floor = self._parameters.author_floor
        return np.float32((1.0 - floor) * self._parameters.author_decay**already + floor)
