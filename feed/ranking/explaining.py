"""Why a clip is on a page, in sentences for the person who sees it."""

from collections.abc import Mapping
from dataclasses import dataclass

from feed.ranking.mixing import (
    AGE,
    AUTHOR,
    CONTENT,
    DISLIKE,
    FOLLOWED,
    FRESH,
    OTHER_WISHES,
    POPULAR,
    QUALITY,
    REFUSAL,
    SIMILAR_VIEWERS,
    TRENDING,
    WATCHED_NEXT,
    WISH,
)
from feed.ranking.picks import CHANCES, EXPLORATION, FIRST_IMPRESSIONS

MOST_REASONS = 3
NOTEWORTHY = 0.05
"""A factor nearer to one than this is not worth a sentence."""

SOURCES: Mapping[str, str] = {
    SIMILAR_VIEWERS: "People who liked what you liked also liked this.",
    WATCHED_NEXT: "People often watch this after what you watched lately.",
    POPULAR: "Many people like this.",
    CONTENT: "It is about something like what you liked lately.",
    FOLLOWED: "You follow the person who made it.",
    TRENDING: "Many people like this at the moment.",
    FRESH: "It is new.",
    EXPLORATION: "Few people have seen it; we wanted to know what you think.",
    FIRST_IMPRESSIONS: "It is among the first times that it is shown; every clip gets its turn.",
}
RAISED: Mapping[str, str] = {
    QUALITY: "It was received better than most.",
    AUTHOR: "You liked other clips by the person who made it.",
}
LOWERED: Mapping[str, str] = {
    QUALITY: "It was received worse than most, which put it further down.",
    AUTHOR: "You liked other clips by the person who made it less, which put it further down.",
    AGE: "It is not new any more, which put it further down.",
    DISLIKE: "It is like clips you did not like, which put it further down.",
    OTHER_WISHES: "It does not fit what you asked for, which put it further down.",
}


@dataclass(frozen=True, slots=True)
class Reason:
    """Why, in a sentence; `name` is the source or factor, `weight` says how much it counted.

    The weight of a source is its share of the points; of a factor, the share by which it moved
    the score, below 0 where it moved it down.
    """

    name: str
    weight: float
    sentence: str


def reasons(
    sources: Mapping[str, float], factors: Mapping[str, float], *, most: int = MOST_REASONS
) -> list[Reason]:
    """The reasons for a pick with these sources and factors, what counted most first.

    A place that chance gave is explained by that first.  Sources and factors without a name that
    is known are left out, so that what was stored by an older version can be read.
    """
    total = sum(points for points in sources.values() if points > 0) or 1.0
    found = [
        Reason(name, 1.0 if name in CHANCES else points / total, sentence)
        for name, points in sources.items()
        if (sentence := _source_sentence(name))
    ]
    found += [
        Reason(name, factor - 1, sentence)
        for name, factor in factors.items()
        if abs(factor - 1) >= NOTEWORTHY and (sentence := _factor_sentence(name, factor))
    ]
    found.sort(key=lambda one: (one.name not in CHANCES, -_rank(one)))
    return found[:most]


def _rank(reason: Reason) -> float:
    """What raised a clip says more of why it is there than what lowered it."""
    return min(reason.weight, 1.0) if reason.weight > 0 else -1 - reason.weight


def _source_sentence(name: str) -> str | None:
    if name.startswith(WISH):
        return f"You asked for more of “{name.removeprefix(WISH)}”."
    return SOURCES.get(name)


def _factor_sentence(name: str, factor: float) -> str | None:
    if factor > 1:
        return RAISED.get(name)
    if name.startswith(REFUSAL):
        return f"You asked for less of “{name.removeprefix(REFUSAL)}”, which put it further down."
    return LOWERED.get(name)
