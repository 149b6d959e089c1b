"""What an event says of the viewer's liking, from -1 (never again) to 1 (more of this).

A watch is judged by the share that was watched against the share that is usual for clips of that
length: long clips are seldom finished, so finishing one says more (the duration bias of Zhan et
al., 2022, arXiv:2206.06003), and two seconds say something else of a clip of four than of sixty.
"""

import math
from collections.abc import Mapping

from feed.ranking.actions import Action, Event

USUAL_SECONDS = 45.0
USUAL_SLOPE = 0.7
"""Of a clip of USUAL_SECONDS half is watched; of 5 s 82 %, of 15 s 68 %, of 5 minutes 21 %."""

MOST_SHARE = 4.0
"""A clip left running in a loop says no more than one watched four times."""

LEAST_SHARE = 0.02
WATCH_LIKED = 0.7
WATCH_DISLIKED = 0.6
"""A watch alone never says as much as a word or a press of a button."""

STRENGTHS: Mapping[Action, float] = {
    Action.IMPRESSION: 0.0,
    Action.SKIP: -0.4,
    Action.LIKE: 0.8,
    Action.UNLIKE: -0.2,
    Action.COMMENT: 0.7,
    Action.SHARE: 0.9,
    Action.SAVE: 0.9,
    Action.UNSAVE: -0.1,
    Action.REMIX: 1.0,
    Action.FOLLOW: 1.0,
    Action.UNFOLLOW: -0.5,
    Action.NOT_INTERESTED: -0.9,
    Action.HIDE_CREATOR: -1.0,
    Action.REPORT: -1.0,
}
"""What every action says, except the watch, which is measured."""


def strength_of(event: Event) -> float:
    """How much the viewer liked the clip, judged by this event alone, from -1 to 1."""
    if event.action is Action.WATCH:
        return watch_strength(
            watched_seconds=event.watched_seconds,
            duration_seconds=event.duration_seconds,
            loops=event.loops,
        )
    return STRENGTHS[event.action]


def watch_strength(*, watched_seconds: float, duration_seconds: float, loops: int = 0) -> float:
    """What a watch says: 0 where as much was watched as is usual, rising with what was watched.

    `loops` count whole viewings, so the share watched is at least that many.  Of a clip without a
    known duration nothing can be said: 0.
    """
    if not duration_seconds > 0 or not math.isfinite(watched_seconds):
        return 0.0
    share = min(MOST_SHARE, max(0.0, watched_seconds / duration_seconds, float(loops)))
    gain = math.log(max(share, LEAST_SHARE) / usual_share(duration_seconds))
    return math.tanh(gain) * (WATCH_LIKED if gain > 0 else WATCH_DISLIKED)


def usual_share(duration_seconds: float) -> float:
    """The share of a clip of this length that is usually watched; falls with the length."""
    length = max(0.0, duration_seconds) / USUAL_SECONDS
    return max(LEAST_SHARE, 1.0 / (1.0 + math.pow(length, USUAL_SLOPE)))
