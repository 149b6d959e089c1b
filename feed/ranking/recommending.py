"""A page for a viewer: from many sources, without what must not be there, varied, with chance."""

from collections.abc import Iterable
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from feed.ranking.catalogue import PROVENANCES, Catalogue, Floats, Places
from feed.ranking.diversity import WINDOW, Pool, varied_order
from feed.ranking.eligibility import Allowed, allowed_clips
from feed.ranking.exploration import Draw, explored, first_turns
from feed.ranking.parameters import PARAMETERS, Parameters
from feed.ranking.picks import Pick
from feed.ranking.prepared import SECONDS_PER_HOUR, Prepared, prepared
from feed.ranking.relevance import Fit, relevance
from feed.ranking.steering import fit
from feed.ranking.viewers import Meeting, ViewerState, Wishes

FIRST_CHANCE_PLACE = 2
"""The first two places of a page are never left to chance."""

LEAST_SCORE = 1e-6
HOURS_PER_DAY = 24.0


@dataclass(frozen=True)
class Scored:
    """Why N clips score what they score: points added by sources, times factors, columns (N,)."""

    sources: dict[str, Floats]
    factors: dict[str, Floats]

    def scores(self) -> Floats:
        """(N,), positive."""
        total = sum(self.sources.values(), np.float32(LEAST_SCORE))
        for factor in self.factors.values():
            total = total * factor
        return np.maximum(np.asarray(total, np.float32), np.float32(LEAST_SCORE))


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
    if not allowed.any() or count <= 0:
        return []
    scored = _scored(ready, models, viewer, wishes, now=now)
    scores = np.where(allowed, scored.scores(), 0)
    drawn = _drawn(
        ready, allowed, scores, scored.sources, count=count, random=random, parameters=parameters
    )
    shares = {
        place: wishes.provenance[name]
        for place, name in enumerate(PROVENANCES)
        if wishes.provenance.get(name, 1.0) < 1.0
    }
    rows = _shortlist(ready, scores, shares, [draw.row for draw, _ in drawn.values()])
    where = {int(row): place for place, row in enumerate(rows)}
    order = varied_order(
        Pool(
            scores[rows], ready.coordinates[rows], ready.authors[rows], catalogue.provenances[rows]
        ),
        count=count,
        fixed={place: where[draw.row] for place, (draw, _) in drawn.items()},
        shares=shares,
        parameters=parameters,
    )
    chances = {draw.row: (draw, source) for draw, source in drawn.values()}
    return [_pick(ready, scored, scores, int(rows[place]), chances) for place in order]


def _scored(
    ready: Prepared, models: Fit | None, viewer: ViewerState, wishes: Wishes, *, now: float
) -> Scored:
    catalogue, parameters = ready.catalogue, ready.parameters
    hours = np.maximum(0, now - catalogue.published_at).astype(np.float32) / np.float32(
        SECONDS_PER_HOUR
    )
    sources = {
        "trending": np.float32(parameters.trending_weight) * ready.trend,
        "fresh": np.float32(parameters.fresh_weight)
        * np.exp2(-hours / np.float32(parameters.fresh_half_life_hours)),
    }
    age = np.exp2(-hours / np.float32(HOURS_PER_DAY * parameters.age_half_life_days))
    least = np.float32(parameters.age_least)
    factors = {"quality": ready.reception.quality, "age": least + (1 - least) * age}
    if models is not None:
        said, counts = relevance(models.models, models.gate, catalogue, viewer, now=now)
        sources["relevance"] = np.float32(parameters.relevance_weight) * _to_one(counts @ said)
    if viewer.followed:
        followed = ready.by_author(dict.fromkeys(viewer.followed, 1.0))
        sources["followed"] = np.float32(parameters.followed_weight) * followed
    if viewer.authors:
        liking = ready.by_author(dict(viewer.authors))
        factors["author"] = 1 + np.float32(parameters.author_liking) * liking.clip(-1, 1)
    _taste(ready, viewer.meetings, sources, factors, now=now)
    _steer(ready, wishes, sources, factors, now=now)
    return Scored(sources, factors)


def _taste(
    ready: Prepared,
    meetings: tuple[Meeting, ...],
    sources: dict[str, Floats],
    factors: dict[str, Floats],
    *,
    now: float,
) -> None:
    parameters = ready.parameters
    liked = [one for one in meetings if one.strength > 0][-parameters.recent_meetings :]
    disliked = [one for one in meetings if one.strength < 0][-parameters.recent_disliked :]
    if (towards := _direction(ready, liked, now=now)) is not None:
        near = np.maximum(ready.coordinates @ towards, 0)
        sources["content"] = np.float32(parameters.content_weight) * near
    if (away := _direction(ready, disliked, now=now)) is not None:
        near = np.maximum(ready.coordinates @ away, 0)
        factors["dislike"] = 1 - np.float32(1 - parameters.dislike_least) * near


def _direction(ready: Prepared, meetings: list[Meeting], *, now: float) -> Floats | None:
    """Where the clips of these meetings lie, on the average, (AXES,), of length 1."""
    if not meetings:
        return None
    rows = ready.catalogue.places(np.array([one.number for one in meetings], np.uint32))
    hours = np.array([max(0.0, now - one.at) for one in meetings]) / SECONDS_PER_HOUR
    weights = np.array([abs(one.strength) for one in meetings]) * np.exp2(
        -hours / ready.parameters.taste_half_life_hours
    )
    total = (weights[rows >= 0].astype(np.float32)) @ ready.coordinates[rows[rows >= 0]]
    length = float(np.linalg.norm(total))
    return np.asarray(total / length, np.float32) if length > LEAST_SCORE else None


def _steer(
    ready: Prepared,
    wishes: Wishes,
    sources: dict[str, Floats],
    factors: dict[str, Floats],
    *,
    now: float,
) -> None:
    parameters = ready.parameters
    for chip in wishes.chips:
        if chip.until <= now or not chip.strength:
            continue
        fits = fit(ready, chip, parameters)
        if chip.strength > 0:
            sources[f"wish: {chip.text}"] = (
                np.float32(parameters.steering_weight * chip.strength) * fits
            )
        else:
            most = 1 - parameters.chip_exclusion
            factors[f"wish: {chip.text}"] = 1 - np.float32(most * min(1.0, -chip.strength)) * fits


def _drawn(
    ready: Prepared,
    allowed: Allowed,
    scores: Floats,
    sources: dict[str, Floats],
    *,
    count: int,
    random: np.random.Generator,
    parameters: Parameters,
) -> dict[int, tuple[Draw, str]]:
    """The places of a page that chance fills, each with what it drew and for what."""
    tens = -(-count // WINDOW)
    liking = sources.get("content", np.zeros(len(ready), np.float32))
    first = first_turns(
        ready,
        allowed,
        liking,
        count=tens * parameters.first_places,
        random=random,
        parameters=parameters,
    )
    others = allowed.copy()
    others[[draw.row for draw in first]] = False
    more = explored(
        ready,
        others,
        scores,
        count=tens * parameters.exploring_places,
        random=random,
        parameters=parameters,
    )
    turns = [(draw, "first impressions") for draw in first]
    turns += [(draw, "exploration") for draw in more]
    places: dict[int, tuple[Draw, str]] = {}
    for begin in range(0, count, WINDOW):
        mine = turns[begin // WINDOW :: tens]
        free = np.arange(begin + FIRST_CHANCE_PLACE, min(begin + WINDOW, count))
        for place, turn in zip(random.permutation(free)[: len(mine)], mine, strict=False):
            places[int(place)] = turn
    return places


def _shortlist(
    ready: Prepared, scores: Floats, shares: dict[int, float], drawn: Iterable[int]
) -> Places:
    """The rows among which the order is found: the best of those without a share, and of others."""
    kinds = ready.catalogue.provenances
    groups = [(kinds == kind, share) for kind, share in shares.items() if share > 0]
    limited = np.zeros(len(ready), np.bool_)
    for is_kind, _ in groups:
        limited |= is_kind
    groups.append((~limited, 1.0))
    rows = [
        _best(np.where(is_kind, scores, 0), most=ready.parameters.shortlist)
        for is_kind, _ in groups
    ]
    return np.unique(np.concatenate([*rows, np.fromiter(drawn, np.int64)]))


def _best(scores: Floats, *, most: int) -> Places:
    rows = np.argpartition(scores, -most)[-most:] if most < len(scores) else np.arange(len(scores))
    return rows[scores[rows] > 0].astype(np.int64)


def _pick(
    ready: Prepared,
    scored: Scored,
    scores: Floats,
    row: int,
    chances: dict[int, tuple[Draw, str]],
) -> Pick:
    sources = {name: round(float(column[row]), 4) for name, column in scored.sources.items()}
    factors = {name: round(float(column[row]), 4) for name, column in scored.factors.items()}
    draw, source = chances.get(row, (None, ""))
    if draw is not None:
        sources[source] = 0.0
    return Pick(
        number=int(ready.catalogue.numbers[row]),
        score=float(scores[row]),
        sources={name: points for name, points in sources.items() if points or name == source},
        factors=factors,
        propensity=draw.propensity if draw else 1.0,
        is_exploration=draw is not None,
    )


def _to_one(values: npt.NDArray[np.floating]) -> Floats:
    """Values so that the best is 1 and the middle 0; what is below the middle is 0 too."""
    middle, most = float(np.median(values)), float(values.max())
    return np.asarray(((values - middle) / max(most - middle, LEAST_SCORE)).clip(0, 1), np.float32)
