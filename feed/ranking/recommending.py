"""A page for a viewer: from many sources, without what must not be there, varied, with chance."""

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np

from feed.ranking.catalogue import PROVENANCES, Catalogue, Floats, Places
from feed.ranking.diversity import WINDOW, Pool, varied_order
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
from feed.ranking.picks import Pick
from feed.ranking.prepared import Flags, Prepared, prepared
from feed.ranking.relevance import PERSONAL, SOURCES, Fit
from feed.ranking.viewers import ViewerState, Wishes

FIRST_CHANCE_PLACE = 2
"""The first two places of a page are never left to chance."""

LONGEST_CHOICE = 2
"""The order is found among this many times as many clips as are asked for, or more."""

EXPLORATION, FIRST_IMPRESSIONS = "exploration", "first impressions"
DIGITS = 4


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
) -> list[Pick]:
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
        return []
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
    drawn = {turn.draw.row: turn for turn in turns.values()}
    return _picks(ready, mixed, scores, rows[order], drawn)


@dataclass(frozen=True, slots=True)
class Turn:
    """A place that chance fills: what it drew, and what the place is for."""

    draw: Draw
    purpose: str


def _turns(
    ready: Prepared, allowed: Flags, scores: Floats, *, count: int, random: np.random.Generator
) -> dict[int, Turn]:
    """The places of a page that chance fills, ten by ten."""
    parameters = ready.parameters
    tens = -(-count // WINDOW)
    first = first_turns(ready, allowed, scores, count=tens * parameters.first_places, random=random)
    more = explored(ready, allowed, scores, count=tens * parameters.exploring_places, random=random)
    turns = [Turn(draw, FIRST_IMPRESSIONS) for draw in first]
    turns += [Turn(draw, EXPLORATION) for draw in more]
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
    limited = np.zeros(len(ready), np.bool_)
    rows = [np.array(drawn, np.int64)]
    for kind, share in shares.items():
        if share > 0:
            limited |= kinds == kind
            rows.append(_best(scores * (kinds == kind), most=most))
    rows.append(_best(scores * ~limited, most=most))
    return np.unique(np.concatenate(rows))


def _best(scores: Floats, *, most: int) -> Places:
    rows = highest(scores, most=most)
    return rows[scores[rows] > 0]


def _picks(
    ready: Prepared, mixed: Mixture, scores: Floats, rows: Places, drawn: Mapping[int, Turn]
) -> list[Pick]:
    names, factors = tuple(mixed.points), tuple(mixed.factors)
    leading = _leading(mixed, rows)
    told = zip(
        rows.tolist(),
        ready.catalogue.numbers[rows].tolist(),
        scores[rows].tolist(),
        _table(mixed.points, rows),
        _table(mixed.factors, rows),
        strict=True,
    )
    picks = []
    for place, (row, number, score, points, times) in enumerate(told):
        sources = {name: value for name, value in zip(names, points, strict=True) if value > 0}
        if leading is not None and RELEVANCE in sources:
            sources[leading[place]] = sources.pop(RELEVANCE)
        pick = Pick(number, score, sources, dict(zip(factors, times, strict=True)))
        if (turn := drawn.get(row)) is not None:
            sources[turn.purpose] = 0.0
            pick = pick._replace(propensity=turn.draw.propensity, is_exploration=True)
        picks.append(pick)
    return picks


def _table(columns: Mapping[str, Floats], rows: Places) -> list[list[float]]:
    """For each row, its value in every column."""
    values = np.array([column[rows] for column in columns.values()], np.float64)
    return values.T.round(DIGITS).tolist()  # type: ignore[no-any-return]


LED_BY = [
    POPULAR if name not in PERSONAL else WATCHED_NEXT if "sequence" in name else SIMILAR_VIEWERS
    for name in SOURCES
]


def _leading(mixed: Mixture, rows: Places) -> list[str] | None:
    """For each row, the kind of model that added most to its relevance."""
    if mixed.said is None:
        return None
    said, counts = mixed.said
    leading = np.argmax(said[:, rows] * counts[:, np.newaxis], axis=0)
    return [LED_BY[place] for place in leading.tolist()]
