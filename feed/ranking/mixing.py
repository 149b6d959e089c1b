"""What every clip of a catalogue scores for a viewer, and why: points by source, times factors."""

from dataclasses import dataclass
from functools import lru_cache

import numpy as np

from feed.ranking.catalogue import Catalogue, Floats, Places
from feed.ranking.item_models import ItemModels
from feed.ranking.prepared import Flags, Prepared
from feed.ranking.relevance import Fit, relevance
from feed.ranking.steering import steered
from feed.ranking.tastes import liking
from feed.ranking.viewers import ViewerState, Wishes, keys_of

LEAST_SCORE = 1e-6
SPREADS_BELOW = 1.0
"""What the models say counts from so many standard deviations below their mean."""

RELEVANCE, CONTENT, FOLLOWED, TRENDING, FRESH = (
    "relevance",
    "content",
    "followed",
    "trending",
    "fresh",
)
SIMILAR_VIEWERS, WATCHED_NEXT, POPULAR = "similar viewers", "watched next", "popular"
QUALITY, AGE, AUTHOR, DISLIKE = "quality", "age", "author", "dislike"
WISH, REFUSAL, OTHER_WISHES = "wish: ", "refusal: ", "other wishes"


@dataclass(frozen=True)
class Mixture:
    """Why N clips score what they score: `points` that sources add, `factors`, columns (N,) each.

    `is_refused` (N,) are clips that chance gives no place to; `said` is what each of SOURCES says,
    (S, N), and how much it counts, (S,).
    """

    points: dict[str, Floats]
    factors: dict[str, Floats]
    is_refused: Flags
    said: tuple[Floats, Floats] | None = None

    def scores(self) -> Floats:
        """(N,), positive."""
        total = np.full(len(self.is_refused), LEAST_SCORE, np.float32)
        for column in self.points.values():
            total += column
        for column in self.factors.values():
            total *= column
        return np.maximum(total, np.float32(LEAST_SCORE))


def mixture(
    ready: Prepared, models: Fit | None, viewer: ViewerState, wishes: Wishes, *, now: float
) -> Mixture:
    """The scores of all clips for this viewer at this moment.

    Where models are fitted they know what is popular and how fast that passes, so trends and age
    count beside them only for clips that they do not know.
    """
    points: dict[str, Floats] = {}
    factors: dict[str, Floats] = {QUALITY: ready.reception.quality}
    said = _add_everybodys(ready, models, viewer, points, factors, now=now)
    _add_own(ready, viewer, points, factors, now=now)
    wish = steered(ready, wishes, now=now)
    points |= {WISH + text: column for text, column in wish.points.items()}
    factors |= {REFUSAL + text: column for text, column in wish.factors.items()}
    if wish.others is not None:
        factors[OTHER_WISHES] = wish.others
    return Mixture(points, factors, wish.is_refused, said)


def _add_everybodys(
    ready: Prepared,
    models: Fit | None,
    viewer: ViewerState,
    points: dict[str, Floats],
    factors: dict[str, Floats],
    *,
    now: float,
) -> tuple[Floats, Floats] | None:
    """Add what all viewers' histories say; return what SOURCES say and count, if any is fitted."""
    parameters = ready.parameters
    fresh = np.float32(parameters.fresh_weight) * ready.fresh(now)
    if models is None:
        points[TRENDING] = np.float32(parameters.trending_weight) * ready.trend
        points[FRESH] = fresh
        least = np.float32(parameters.age_least)
        factors[AGE] = least + (1 - least) * ready.youth(now)
        return None
    said, counts = relevance(models.models, models.gate, ready.catalogue, viewer, now=now)
    shares = counts.astype(np.float32)
    points[RELEVANCE] = np.float32(parameters.relevance_weight) * _to_one(shares @ said)
    points[FRESH] = fresh * _unknown(models.models, ready.catalogue)
    return said, shares


def _add_own(
    ready: Prepared,
    viewer: ViewerState,
    points: dict[str, Floats],
    factors: dict[str, Floats],
    *,
    now: float,
) -> None:
    """Add what the viewer's own follows, authors and meetings say."""
    parameters = ready.parameters
    if viewer.followed:
        followed = ready.by_author(keys_of(viewer.followed), parameters.followed_weight)
        points[FOLLOWED] = followed
    if viewer.authors:
        amounts = parameters.author_liking * viewer.authors.amounts.clip(-1, 1)
        factors[AUTHOR] = 1 + ready.by_author(viewer.authors.authors, amounts)
    if viewer.meetings:
        near = liking(ready, viewer.meetings, now=now)
        points[CONTENT] = np.float32(parameters.content_weight) * np.maximum(near, 0)
        factors[DISLIKE] = 1 + np.float32(parameters.dislike_weight) * np.minimum(near, 0)


@lru_cache(maxsize=4)
def _unknown(models: ItemModels, catalogue: Catalogue) -> Floats:
    """(N,): 1 for clips that are newer than the models, 0 for those they know."""
    places: Places = models.places(catalogue.numbers.astype(np.int64))
    return (places < 0).astype(np.float32)


def _to_one(values: Floats) -> Floats:
    """Values so that the best is 1, and what is far below the mean 0."""
    least = float(values.mean()) - SPREADS_BELOW * float(values.std())
    return ((values - least) / max(float(values.max()) - least, LEAST_SCORE)).clip(0, 1)
