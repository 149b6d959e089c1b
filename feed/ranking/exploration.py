"""Places that chance fills: what is not known yet, and what has not had its turn.

Each draw logs its exact probability, so that what came of it can be weighed (inverse propensity;
Horvitz and Thompson, 1952).
"""

from dataclasses import dataclass

import numpy as np

from feed.ranking.catalogue import Floats, Places
from feed.ranking.eligibility import Allowed
from feed.ranking.parameters import Parameters
from feed.ranking.prepared import Prepared


@dataclass(frozen=True, slots=True)
class Draw:
    """The clip in this row was drawn, with this probability, given who else was in the pool."""

    row: int
    propensity: float


def first_turns(
    ready: Prepared,
    allowed: Allowed,
    liking: Floats,
    *,
    count: int,
    random: np.random.Generator,
    parameters: Parameters,
) -> list[Draw]:
    """At most `count` clips that still wait for their first impressions.

    Those shown least and waiting longest share the chance; most of it goes to those whose content
    the viewer may like (`liking` (N,), from 0 to 1), so that a clip meets its people early.
    """
    line = ready.first_in_line
    pool = line[allowed[line]][: parameters.first_pool]
    drawn: list[Draw] = []
    while len(pool) and len(drawn) < count:
        chances = _mixed(liking[pool] + np.float32(1e-3), floor=parameters.first_floor)
        place = int(random.choice(len(pool), p=chances))
        drawn.append(Draw(int(pool[place]), float(chances[place])))
        pool = np.delete(pool, place)
    return drawn


def explored(
    ready: Prepared,
    allowed: Allowed,
    scores: Floats,
    *,
    count: int,
    random: np.random.Generator,
    parameters: Parameters,
) -> list[Draw]:
    """At most `count` little-known clips by Thompson sampling over their Beta posteriors.

    Every clip's rate is drawn several times; how often each of the pool comes out best, times the
    viewer's score, is its chance (Thompson, 1933; Chapelle and Li, 2011).
    """
    rows = np.flatnonzero(allowed & ~ready.is_explored)
    if not len(rows) or not count:
        return []
    pool = _best(rows, scores[rows], most=parameters.exploring_pool)
    drawn: list[Draw] = []
    while len(pool) and len(drawn) < count:
        chances = _thompson(ready, pool, scores[pool], random=random, parameters=parameters)
        place = int(random.choice(len(pool), p=chances))
        drawn.append(Draw(int(pool[place]), float(chances[place])))
        pool = np.delete(pool, place)
    return drawn


def _thompson(
    ready: Prepared,
    pool: Places,
    scores: Floats,
    *,
    random: np.random.Generator,
    parameters: Parameters,
) -> Floats:
    good, bad = ready.reception.good[pool], ready.reception.bad[pool]
    rates = random.beta(good, bad, size=(parameters.exploring_draws, len(pool)))
    winners = np.argmax(rates * np.maximum(scores, 1e-6), axis=1)
    wins = np.bincount(winners, minlength=len(pool)).astype(np.float32)
    return _mixed(wins, floor=parameters.exploring_floor)


def _mixed(weights: Floats, *, floor: float) -> Floats:
    """Chances in proportion to weights, `floor` of them given to all alike; they sum to 1."""
    shares = weights.astype(np.float64)
    chances = (1 - floor) * shares / shares.sum() + floor / len(shares)
    return np.asarray(chances / chances.sum())


def _best(rows: Places, scores: Floats, *, most: int) -> Places:
    if len(rows) <= most:
        return rows
    return rows[np.argpartition(scores, -most)[-most:]]
