"""What a viewer did, as far as it is kept: one query, whatever its length."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any
from uuid import UUID

from pyroaring import BitMap

from accounts.models import User
from feed.ranking.actions import Action, Event
from feed.ranking.catalogue import author_key
from feed.ranking.histories import Happening, History, Liking, after, no_history
from feed.ranking.viewers import Meeting, Meetings
from feed.selectors.at_once import Question, bytes_of, rows_of
from social.models.people import Follow

Row = Mapping[str, Any]

PROFILE = """
SELECT profile.through, profile.through_day, profile.meetings, profile.authors, profile.seen,
       ARRAY(SELECT followee_id FROM social_follow WHERE follower_id = person.id) AS followed
FROM accounts_user AS person LEFT JOIN feed_viewerprofile AS profile ON profile.user_id = person.id
WHERE person.id = %(viewer)s
"""
# What is in the log, then what is still to be moved into it; an act has no duration to speak of.
TAIL = """
SELECT event.sequence, event.day, event.clip_id, entry.number, event.author_id, event.action,
       extract(epoch FROM event.at)::float8 AS at, event.watched_seconds, event.duration_seconds,
       event.loops
FROM feed_event AS event LEFT JOIN feed_entry AS entry ON entry.clip_id = event.clip_id
WHERE event.viewer_id = %(viewer)s
  AND event.day >= coalesce(
      (SELECT through_day FROM feed_viewerprofile WHERE user_id = %(viewer)s), '2000-01-01')
  AND event.sequence > coalesce(
      (SELECT through FROM feed_viewerprofile WHERE user_id = %(viewer)s), 0)
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
    """What is known of `viewer`, in one query."""
    return known_from(*rows_of(*history_questions(viewer.pk)))


def history_questions(viewer_id: UUID) -> tuple[Question, Question]:
    """What `known_from` is to be told the answers of."""
    asked = {"viewer": viewer_id}
    return (PROFILE, asked), (TAIL, asked)


def known_from(profiles: Sequence[Row], events: Sequence[Row]) -> Known:
    """What is known of a viewer, out of the rows of `history_questions`."""
    profile: Row = profiles[0] if profiles else {"through": None, "followed": ()}
    through, day, kept = 0, EVERY_DAY, no_history()
    if profile["through"] is not None:
        through, day = profile["through"], date.fromisoformat(profile["through_day"])
        kept = read_history(profile["meetings"], profile["authors"], bytes_of(profile["seen"]))
    followed = frozenset(author_key(UUID(one)) for one in profile["followed"])
    return Known(kept, _tail(events, through=through, day=day), followed)


def followed_by_viewer(viewer: User) -> frozenset[int]:
    """Whom `viewer` follows, by author key."""
    followees = Follow.objects.filter(follower=viewer).values_list("followee_id", flat=True)
    return frozenset(map(author_key, followees))


def read_history(meetings: Sequence[Any], authors: Sequence[Any], seen: bytes) -> History:
    """A history out of a row of ViewerProfile."""
    return History(
        Meetings.of(Meeting(int(number), at, strength) for number, at, strength in meetings),
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


def _tail(rows: Sequence[Row], *, through: int, day: date) -> Tail:
    logged = [row for row in rows if row["sequence"] is not None]
    return Tail(
        logged=[_happening(row) for row in logged],
        waiting=[_happening(row) for row in rows if row["sequence"] is None],
        through=max((row["sequence"] for row in logged), default=through),
        through_day=max((date.fromisoformat(row["day"]) for row in logged), default=day),
    )


def _happening(row: Row) -> Happening:
    event = Event(
        action=Action(row["action"]),
        clip=UUID(row["clip_id"]) if row["clip_id"] else UUID(int=0),
        at=row["at"],
        watched_seconds=row["watched_seconds"],
        duration_seconds=row["duration_seconds"],
        loops=row["loops"],
    )
    return Happening(row["number"], author_key(UUID(row["author_id"])), event)
