"""A page for a viewer: from many sources, without what must not be there, varied, with chance."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from feed.ranking.catalogue import PROVENANCES, Catalogue, Floats, Places
from feed.ranking.compiled import WINDOW
from feed.ranking.diversity import Pool, varied_order
from feed.ranking.eligibility import allowed_clips
from feed.ranking.exploration import Draw, explored, first_turns
from feed.ranking.highest import highest
from feed.ranking.mixing import (
    POPULAR,
    RELEVANCE,
    SIMILAR_VIEWERS,
    WATCHED_NEXT,
    Mixture,
    mixture,
)
from feed.ranking.parameters import PARAMETERS, Parameters
from feed.ranking.picks import CHANCES, EXPLORATION, FIRST_IMPRESSIONS, Picks, no_picks
from feed.ranking.prepared import Flags, Prepared, prepared
from feed.ranking.relevance import PERSONAL, SOURCES, Fit
from feed.ranking.viewers import ViewerState, Wishes

FIRST_CHANCE_PLACE = 2
"""The first two places of a page are never left to chance."""

LONGEST_CHOICE = 2
"""The order is found among this many times as many clips as are asked for, or more."""

KINDS_OF_MODELS = (SIMILAR_VIEWERS, WATCHED_NEXT, POPULAR)
LED_BY = np.array(
    [
        POPULAR if name not in PERSONAL else WATCHED_NEXT if "sequence" in name else SIMILAR_VIEWERS
        for name in SOURCES
    ]
)
"""What is said of a clip whose relevance comes from this source most."""


def recommend(
    catalogue: Catalogue,
    models: Fit | None,
    viewer: ViewerState,
    wishes: Wishes,
    *,
    count: int,
    now: float,
    random: np.random.Generator,
    parameters: Parameters = PARAMETERS,
) -> Picks:
    """At most `count` clips for the viewer, in order, each with why; the same input, the same page.

    Nothing seen, hidden, muted, refused or too adult is among them; there are fewer than `count`
    only where no more are left.  With `wishes.is_profiled` False, of the viewer nothing counts but
    what they have seen.  `models` is None until something is fitted.  `now` in seconds.
    """
    ready = prepared(catalogue, parameters)
    if not wishes.is_profiled:
        viewer = ViewerState(seen=viewer.seen)
    allowed = allowed_clips(ready, viewer, wishes)
    if count <= 0 or not allowed.any():
        return no_picks()
    mixed = mixture(ready, models, viewer, wishes, now=now)
    scores = mixed.scores() * allowed
    turns = _turns(ready, allowed & ~mixed.is_refused, scores, count=count, random=random)
    shares = _shares(wishes)
    most = max(parameters.shortlist, LONGEST_CHOICE * count)
    rows = _shortlist(ready, scores, shares, [turn.draw.row for turn in turns.values()], most=most)
    order = varied_order(
        Pool(
            scores[rows], ready.coordinates[rows], ready.authors[rows], catalogue.provenances[rows]
        ),
        count=count,
        fixed={place: int(np.searchsorted(rows, turn.draw.row)) for place, turn in turns.items()},
        shares=shares,
        parameters=parameters,
    )
    return _picks(catalogue, mixed, scores, rows[order], list(turns.values()))


@dataclass(frozen=True, slots=True)
class Turn:
    """A place that chance fills: what it drew, and what the place is for, among CHANCES."""

    draw: Draw
    purpose: int


def _turns(
    ready: Prepared, allowed: Flags, scores: Floats, *, count: int, random: np.random.Generator
) -> dict[int, Turn]:
    """The places of a page that chance fills, ten by ten."""
    parameters = ready.parameters
    tens = -(-count // WINDOW)
    first = first_turns(ready, allowed, scores, count=tens * parameters.first_places, random=random)
    more = explored(ready, allowed, scores, count=tens * parameters.exploring_places, random=random)
    turns = [Turn(draw, CHANCES.index(FIRST_IMPRESSIONS)) for draw in first]
    turns += [Turn(draw, CHANCES.index(EXPLORATION)) for draw in more]
    places: dict[int, Turn] = {}
    for number in range(tens):
        begin = number * WINDOW
        free = np.arange(begin + FIRST_CHANCE_PLACE, min(begin + WINDOW, count))
        places |= dict(zip(random.permutation(free).tolist(), turns[number::tens], strict=False))
    return places


def _shares(wishes: Wishes) -> dict[int, float]:
    """How much of a page each kind of provenance may have, by its place in PROVENANCES."""
    amounts = ((place, wishes.provenance.get(name, 1.0)) for place, name in enumerate(PROVENANCES))
    return {place: amount for place, amount in amounts if amount < 1.0}


def _shortlist(
    ready: Prepared, scores: Floats, shares: Mapping[int, float], drawn: list[int], *, most: int
) -> Places:
    """The rows, rising, among which the order is found: the best of every kind, and the drawn."""
    kinds = ready.catalogue.provenances
    limited, chosen = np.zeros(len(ready), np.bool_), np.zeros(len(ready), np.bool_)
    chosen[drawn] = True
    for kind, share in shares.items():
        if share > 0:
            limited |= kinds == kind
            chosen[_best(scores * (kinds == kind), most=most)] = True
    chosen[_best(scores * ~limited, most=most)] = True
    return np.flatnonzero(chosen)


def _best(scores: Floats, *, most: int) -> Places:
    rows = highest(scores, most=most)
    return rows[scores[rows] > 0]


def _picks(
    catalogue: Catalogue, mixed: Mixture, scores: Floats, rows: Places, turns: Sequence[Turn]
) -> Picks:
    sources = {name: column[rows] for name, column in mixed.points.items()}
    if mixed.said is not None:
        said, counts = mixed.said
        leading = LED_BY[np.argmax(said[:, rows] * counts[:, np.newaxis], axis=0)]
        points = sources.pop(RELEVANCE)
        sources |= {name: points * (leading == name) for name in KINDS_OF_MODELS}
    picks = Picks.certain(
        catalogue.numbers[rows],
        scores[rows],
        sources=sources,
        factors={name: column[rows] for name, column in mixed.factors.items()},
    )
    for turn in turns:
        place = rows == turn.draw.row
        picks.propensities[place] = turn.draw.propensity
        picks.purposes[place] = turn.purpose
    return picks
