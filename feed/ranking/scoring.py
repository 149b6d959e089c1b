"""How good a clip is for a person now.

score = freshness x quality x affinity, each a factor around one, so that every one of them can be
read, explained and tuned by itself.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from uuid import UUID

HALF_LIFE_HOURS = 24.0
LEAST_FRESHNESS = 0.02
SECONDS_PER_HOUR = 3600.0

# A clip few have seen counts as one that was received averagely (Laplace smoothing).
PRIOR_VIEWS = 10.0
PRIOR_LIKE_RATE = 0.05
PRIOR_COMPLETION_RATE = 0.5
LIKE_WEIGHT = 4.0
COMPLETION_WEIGHT = 1.0

FOLLOWED_WEIGHT = 1.0
HASHTAG_WEIGHT = 0.8
WATCHED_FACTOR = 0.1
OWN_FACTOR = 0.2


@dataclass(frozen=True, slots=True)
class Candidate:
    """A clip that may be shown, with what is known of it and of the viewer's dealings with it."""

    id: UUID
    author_id: UUID
    published_at: datetime
    hashtags: Sequence[str] = ()
    likes: int = 0
    views: int = 0
    completions: int = 0
    is_followed: bool = False
    is_watched: bool = False
    is_own: bool = False


@dataclass(frozen=True)
class Taste:
    """What the viewer liked lately: each hashtag's share of their likes, from 0 to 1."""

    hashtags: Mapping[str, float] = field(default_factory=dict)


def score(candidate: Candidate, taste: Taste, *, now: datetime) -> float:
    """How much the clip deserves to be shown next; positive, comparable within one viewer."""
    return (
        freshness(candidate, now=now)
        * quality(candidate)
        * affinity(candidate, taste)
        * (WATCHED_FACTOR if candidate.is_watched else 1.0)
        * (OWN_FACTOR if candidate.is_own else 1.0)
    )


def freshness(candidate: Candidate, *, now: datetime) -> float:
    """1 for a clip published now, half of it a day later, and never quite nothing."""
    hours = max(0.0, (now - candidate.published_at).total_seconds()) / SECONDS_PER_HOUR
    return max(LEAST_FRESHNESS, float(0.5 ** (hours / HALF_LIFE_HOURS)))


def quality(candidate: Candidate) -> float:
    """How the clip was received: likes and complete viewings per view, smoothed."""
    views = candidate.views + PRIOR_VIEWS
    like_rate = (candidate.likes + PRIOR_VIEWS * PRIOR_LIKE_RATE) / views
    completion_rate = (candidate.completions + PRIOR_VIEWS * PRIOR_COMPLETION_RATE) / views
    return LIKE_WEIGHT * min(1.0, like_rate) + COMPLETION_WEIGHT * min(1.0, completion_rate)


def affinity(candidate: Candidate, taste: Taste) -> float:
    """1 for a stranger's clip; more for followed authors and hashtags the viewer likes."""
    shared = min(1.0, sum(taste.hashtags.get(tag, 0.0) for tag in candidate.hashtags))
    return 1.0 + FOLLOWED_WEIGHT * candidate.is_followed + HASHTAG_WEIGHT * shared
