"""What a viewer did, as far as it is kept: two queries, whatever its length."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any
from uuid import UUID

from django.contrib.postgres.expressions import ArraySubquery
from django.db import connection
from django.db.models import OuterRef
from pyroaring import BitMap

from accounts.models import User
from feed.ranking.actions import Action, Event
from feed.ranking.catalogue import author_key
from feed.ranking.histories import Happening, History, Liking, after, no_history
from feed.ranking.viewers import Meeting
from social.models.people import Follow

PROFILE_COLUMNS = ("through", "through_day", "meetings", "authors", "seen")

# What is in the log, then what is still to be moved into it; an act has no duration to speak of.
TAIL = """
SELECT event.sequence, event.day, event.clip_id, entry.number, event.author_id, event.action,
       extract(epoch FROM event.at)::float8 AS at, event.watched_seconds, event.duration_seconds,
       event.loops
FROM feed_event AS event LEFT JOIN feed_entry AS entry ON entry.clip_id = event.clip_id
WHERE event.viewer_id = %(viewer)s AND event.day >= %(day)s AND event.sequence > %(through)s
UNION ALL
SELECT NULL, NULL, clip.id, entry.number, coalesce(clip.author_id, act.person), act.action,
       extract(epoch FROM act.at)::float8, 0, 0, 0
FROM feed_act AS act
LEFT JOIN clips_clip AS clip ON clip.id = act.clip
LEFT JOIN feed_entry AS entry ON entry.clip_id = clip.id
WHERE act.actor = %(viewer)s AND coalesce(clip.author_id, act.person) IS NOT NULL
  AND clip.author_id IS DISTINCT FROM act.actor
ORDER BY sequence NULLS LAST, at
"""
EVERY_DAY = date(2000, 1, 1)


@dataclass(frozen=True)
class Tail:
    """What happened since a profile was kept: in the log up to `through`, and not yet in it."""

    logged: Sequence[Happening]
    waiting: Sequence[Happening]
    through: int
    through_day: date


@dataclass(frozen=True)
class Known:
    """All that is known of a viewer: what was kept, what came since, and whom they follow."""

    kept: History
    tail: Tail
    followed: frozenset[int]

    def history(self) -> History:
        """What it comes to."""
        return after(self.kept, (*self.tail.logged, *self.tail.waiting))

    def logged_history(self) -> History:
        """What the log alone comes to: this can be kept."""
        return after(self.kept, self.tail.logged)


def known_of(viewer: User) -> Known:
    """What is known of `viewer`, in two queries."""
    follows = Follow.objects.filter(follower=OuterRef("pk")).values("followee_id")
    shown = User.objects.filter(pk=viewer.pk).annotate(followed=ArraySubquery(follows))
    columns = [f"feed_profile__{name}" for name in PROFILE_COLUMNS]
    rows: list[tuple[Any, ...]] = list(shown.values_list("followed", *columns))
    followed, *profile = rows[0] if rows else ([], None)
    through, through_day, *told = profile if profile[0] is not None else (0, EVERY_DAY)
    tail = _tail(viewer.pk, through=through, day=through_day)
    kept = read_history(*told) if told else no_history()
    return Known(kept, tail, frozenset(author_key(one) for one in followed))


def followed_by_viewer(viewer: User) -> frozenset[int]:
    """Whom `viewer` follows, by author key."""
    followees = Follow.objects.filter(follower=viewer).values_list("followee_id", flat=True)
    return frozenset(map(author_key, followees))


def read_history(meetings: Sequence[Any], authors: Sequence[Any], seen: bytes) -> History:
    """A history out of a row of ViewerProfile."""
    return History(
        tuple(Meeting(int(number), at, strength) for number, at, strength in meetings),
        {int(key): Liking(total, at) for key, total, at in authors},
        BitMap.deserialize(bytes(seen)) if seen else BitMap(),
    )


def profile_columns(history: History) -> dict[str, Any]:
    """A history as the columns of ViewerProfile that `read_history` reads."""
    return {
        "meetings": [[one.number, one.at, one.strength] for one in history.meetings],
        "authors": [[key, one.sum, one.at] for key, one in history.authors.items()],
        "seen": history.seen.serialize(),
    }


def _tail(viewer_id: UUID, *, through: int, day: date) -> Tail:
    with connection.cursor() as cursor:
        cursor.execute(TAIL, {"viewer": viewer_id, "through": through, "day": day})
        rows = cursor.fetchall()
    logged = [row for row in rows if row[0] is not None]
    return Tail(
        logged=[_happening(row) for row in logged],
        waiting=[_happening(row) for row in rows if row[0] is None],
        through=max((row[0] for row in logged), default=through),
        through_day=max((row[1] for row in logged), default=day),
    )


def _happening(row: Sequence[Any]) -> Happening:
    _, _, clip_id, number, author_id, action, at, watched, duration, loops = row
    event = Event(
        action=Action(action),
        clip=clip_id or UUID(int=0),
        at=at,
        watched_seconds=watched,
        duration_seconds=duration,
        loops=loops,
    )
    return Happening(number, author_key(author_id), event)
