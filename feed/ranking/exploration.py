"""Places that chance fills: what is not known yet, and what has not had its turn.

Each draw logs its exact probability, so that what came of it can be weighed (inverse propensity;
Horvitz and Thompson, 1952).
"""

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from feed.ranking.catalogue import Floats, Places
from feed.ranking.highest import highest
from feed.ranking.prepared import Flags, Prepared

TINY = 1e-12


@dataclass(frozen=True, slots=True)
class Draw:
    """The clip in this row was drawn, with this probability, given who else was in the pool."""

    row: int
    propensity: float


def first_turns(
    ready: Prepared,
    allowed: Flags,
    scores: Floats,
    *,
    count: int,
    random: np.random.Generator,
) -> list[Draw]:
    """At most `count` clips that still wait for their first impressions.

    Those shown least and waiting longest share the chance; most of it goes to those the viewer may
    like best, so that a clip meets its people early.
    """
    parameters = ready.parameters
    line = ready.first_in_line
    pool = line[allowed[line]][: parameters.first_pool]
    weights = scores[pool].astype(np.float64)
    return _drawn(pool, weights, count=count, floor=parameters.first_floor, random=random)


def explored(
    ready: Prepared,
    allowed: Flags,
    scores: Floats,
    *,
    count: int,
    random: np.random.Generator,
) -> list[Draw]:
    """At most `count` little-known clips by Thompson sampling over their Beta posteriors.

    Every clip's rate is drawn several times; how often each of the pool comes out best, times what
    the viewer may think of it, is its chance (Thompson, 1933; Chapelle and Li, 2011).
    """
    parameters = ready.parameters
    rows = np.flatnonzero(allowed & ready.is_unexplored)
    if not len(rows) or count <= 0:
        return []
    pool = _best(rows, scores[rows], most=parameters.exploring_pool)
    good, bad = ready.reception.good[pool], ready.reception.bad[pool]
    worth = random.beta(good, bad, size=(parameters.exploring_draws, len(pool))) * scores[pool]
    drawn: list[Draw] = []
    is_left = np.ones(len(pool), np.bool_)
    best = np.argmax(worth, axis=1)
    while len(drawn) < min(count, len(pool)):
        wins = np.bincount(best, minlength=len(pool)).astype(np.float64)
        place, chance = _draw(wins, is_left, floor=parameters.exploring_floor, random=random)
        drawn.append(Draw(int(pool[place]), chance))
        is_left[place] = False
        # Only where this one won, another is the best now.
        worth[:, place] = -np.inf
        lost = np.flatnonzero(best == place)
        best[lost] = np.argmax(worth[lost], axis=1)
    return drawn


def _drawn(
    pool: Places,
    weights: npt.NDArray[np.float64],
    *,
    count: int,
    floor: float,
    random: np.random.Generator,
) -> list[Draw]:
    """One after the other, in proportion to weights, but `floor` of the chance to all alike."""
    drawn: list[Draw] = []
    is_left = np.ones(len(pool), np.bool_)
    while len(drawn) < min(count, len(pool)):
        place, chance = _draw(weights, is_left, floor=floor, random=random)
        drawn.append(Draw(int(pool[place]), chance))
        is_left[place] = False
    return drawn


def _draw(
    weights: npt.NDArray[np.float64], is_left: Flags, *, floor: float, random: np.random.Generator
) -> tuple[int, float]:
    """One of those left, and the chance it had."""
    shares = weights * is_left
    chances = (1 - floor) / max(float(shares.sum()), TINY) * shares
    chances += floor / np.count_nonzero(is_left) * is_left
    chances /= chances.sum()
    ends = chances.cumsum()
    place = min(int(ends.searchsorted(random.random())), len(ends) - 1)
    return place, float(chances[place])


def _best(rows: Places, scores: Floats, *, most: int) -> Places:
    return rows[highest(scores, most=most)]
