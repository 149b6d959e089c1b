"""Learning from what viewers did: which clips go together, and which source to believe when."""

import logging
from array import array
from collections.abc import Iterator
from datetime import datetime, timedelta
from typing import Any, Final
from uuid import UUID

from common.memory import valkey
from feed.models.events import FeedEvent
from feed.models.serving import Artefact
from feed.ranking.actions import Action, Event
from feed.ranking.interactions import Interactions
from feed.ranking.learning import fit
from feed.ranking.watching import STRENGTHS, strength_of
from feed.serving.artefacts import keep_artefact, newest_artefact
from feed.serving.fits import NAME, packed

log = logging.getLogger(__name__)

AT_IT = "feed:fitting"
LONGEST_SECONDS = 1800
DAYS: Final = 90
HOURLY = timedelta(hours=1)
MOST_EVENTS = 1_000_000
MOST_ITEMS = 20_000
"""A catalogue has no more clips."""

LIKING = (
    Action.WATCH.value,
    *(action.value for action, strength in STRENGTHS.items() if strength > 0),
)
COLUMNS = (
    "viewer_id",
    "clip_id",
    "clip__entry__number",
    "action",
    "at",
    "watched_seconds",
    "duration_seconds",
    "loops",
)
AT_ONCE = 10_000


def is_due(*, now: datetime) -> bool:
    """Whether nothing was learned yet, or what was learned is HOURLY old."""
    newest = newest_artefact(NAME)
    return newest is None or now - newest.made_at >= HOURLY


def fit_models_when_due(*, now: datetime) -> Artefact | None:
    """Learn if it is time to and nobody is at it: the queue tells the same again after seconds."""
    if not is_due(now=now) or not valkey().set(AT_IT, 1, nx=True, ex=LONGEST_SECONDS):
        return None
    try:
        return fit_models(now=now)
    finally:
        valkey().delete(AT_IT)


def fit_models(*, now: datetime) -> Artefact | None:
    """Fit and keep what the likings of the last DAYS days teach; None where there are none."""
    liked = liked_lately(now=now)
    if not len(liked):
        return None
    learned = fit(liked, now=now.timestamp(), most_items=MOST_ITEMS)
    artefact = keep_artefact(NAME, packed(learned), now=now)
    log.info("learned from %d likings of %d clips", len(liked), len(learned.models))
    return artefact


def liked_lately(*, now: datetime) -> Interactions:
    """Who first liked which clip when, by what they did; at most the newest MOST_EVENTS events.

    Items are the numbers of clips; people are numbered as they come.
    """
    people = dict[UUID, int]()
    users, items, times = array("q"), array("q"), array("d")
    for viewer, number, at in _likings(now=now):
        users.append(people.setdefault(viewer, len(people)))
        items.append(number)
        times.append(at)
    return Interactions.of(users, items, times).first_meetings()


def _likings(*, now: datetime) -> Iterator[tuple[UUID, int, float]]:
    """Day by day, the newest first, so that no more is read than counts."""
    left = MOST_EVENTS
    for back in range(DAYS):
        day = (now - timedelta(days=back)).date()
        rows = FeedEvent.objects.filter(
            day=day, viewer__isnull=False, clip__entry__isnull=False, action__in=LIKING
        ).order_by("-sequence")
        for row in rows.values_list(*COLUMNS)[:left].iterator(AT_ONCE):
            left -= 1
            viewer, number, event = _read(row)
            if strength_of(event) > 0:
                yield viewer, number, event.at
        if left <= 0:
            return


def _read(row: tuple[Any, ...]) -> tuple[UUID, int, Event]:
    viewer, clip, number, action, at, watched, duration, loops = row
    event = Event(
        action=Action(action),
        clip=clip,
        at=at.timestamp(),
        watched_seconds=watched,
        duration_seconds=duration,
        loops=loops,
    )
    return viewer, number, event
