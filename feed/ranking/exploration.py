"""Places that chance fills: what is not known yet, and what has not had its turn.

Each draw logs its exact probability, so that what came of it can be weighed (inverse propensity;
Horvitz and Thompson, 1952).
"""

from dataclasses import dataclass

import numpy as np

from feed.ranking.catalogue import Floats, Places
from feed.ranking.compiled import Drawn, drawn_by_weight, drawn_by_wins
from feed.ranking.highest import highest
from feed.ranking.prepared import Flags, Prepared


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
    return _drawn(pool, drawn_by_weight(weights, parameters.first_floor, random.random(count)))


def explored(
    ready: Prepared,
    allowed: Flags,
    scores: Floats,
    *,
    count: int,
    random: np.random.Generator,
) -> list[Draw]:
    """At most `count` little-known clips by Thompson sampling over their Beta posteriors.

    Every clip's rate is drawn several times, from the normal distribution with the mean and spread
    of its posterior, which it is like by the time a clip had its first impressions; how often each
    of the pool comes out best, times what the viewer may think of it, is its chance (Thompson,
    1933; Chapelle and Li, 2011).
    """
    parameters = ready.parameters
    rows = np.flatnonzero(allowed & ready.is_unexplored)
    if not len(rows) or count <= 0:
        return []
    pool = rows[highest(scores[rows], most=parameters.exploring_pool)]
    good, bad = ready.reception.good[pool], ready.reception.bad[pool]
    rate = good / (good + bad)
    spread = np.sqrt(rate * (1 - rate) / (good + bad + 1))
    draws = random.standard_normal((parameters.exploring_draws, len(pool)), np.float32)
    worth = np.maximum(rate + spread * draws, 0) * scores[pool]
    return _drawn(pool, drawn_by_wins(worth, parameters.exploring_floor, random.random(count)))


def _drawn(pool: Places, drawn: Drawn) -> list[Draw]:
    places, propensities = drawn
    return list(map(Draw, pool[places].tolist(), propensities.tolist()))
