"""Moving what people did elsewhere, a like or a comment, into the log of events."""

from collections.abc import Iterable
from datetime import datetime
from uuid import UUID

from django.db import connection, transaction

from accounts.models import User
from feed.models.events import Act
from feed.ranking.catalogue import author_key
from feed.serving.logs import RESPONSES_OF
from feed.serving.viewers import forget_state
from feed.serving.wishes import wishes_of

AT_ONCE = 500
LOCK = 0x61637473  # any constant: it names this one job among the database's advisory locks

# Following somebody, or hiding them, is said of their clip that was met last.
MOVE = f"""
WITH taken AS (
    DELETE FROM feed_act WHERE id = ANY(%(acts)s) RETURNING *
), told AS (
    SELECT taken.id, taken.action, taken.at, viewer.id AS viewer_id,
           coalesce(clip.id, met.clip_id) AS clip_id,
           coalesce(clip.author_id, person.id) AS author_id, video.duration_seconds
    FROM taken
    LEFT JOIN clips_clip AS clip ON clip.id = taken.clip
    LEFT JOIN clips_video AS video ON video.id = clip.video_id
    LEFT JOIN accounts_user AS person ON person.id = taken.person
    LEFT JOIN accounts_user AS actor ON actor.id = taken.actor
    LEFT JOIN accounts_user AS viewer ON viewer.id = actor.id AND viewer.id = ANY(%(named)s)
    LEFT JOIN LATERAL (
        SELECT seen.clip_id FROM feed_event AS seen
        WHERE seen.viewer_id = viewer.id AND seen.author_id = person.id
          AND taken.action IN ('follow', 'hide_creator')
          AND seen.day >= %(day)s::date - 1 AND seen.at > taken.at - interval '30 minutes'
          AND seen.clip_id IS NOT NULL
        ORDER BY seen.sequence DESC LIMIT 1
    ) AS met ON true
    WHERE (taken.actor IS NULL OR actor.id IS NOT NULL)
      AND (taken.clip IS NULL OR clip.id IS NOT NULL)
      AND coalesce(clip.author_id, person.id) IS NOT NULL
      AND coalesce(clip.author_id, person.id) IS DISTINCT FROM taken.actor
), event AS (
    INSERT INTO feed_event (day, id, viewer_id, clip_id, author_id, action, at, duration_seconds)
    SELECT %(day)s::date, gen_random_uuid(), viewer_id, clip_id, author_id, action, at,
           coalesce(duration_seconds, 0)
    FROM told ORDER BY id
    RETURNING clip_id, action, loops, is_completed
)
INSERT INTO feed_response_delta (clip, response, amount)
SELECT event.clip_id, response.name, sum(response.amount)
FROM event {RESPONSES_OF}
WHERE response.amount <> 0 AND event.clip_id IS NOT NULL
GROUP BY event.clip_id, response.name
"""  # noqa: S608 - constant SQL


def move_acts(*, now: datetime) -> int:
    """Move waiting acts into the log, and say how many; 0 when another does it.

    What somebody did who is not profiled counts for the clip and names nobody.
    """
    with transaction.atomic(), connection.cursor() as cursor:
        cursor.execute("SELECT pg_try_advisory_xact_lock(%s)", [LOCK])
        if not cursor.fetchone()[0]:
            return 0
        acts = dict(Act.objects.order_by("id").values_list("id", "actor")[:AT_ONCE])
        if not acts:
            return 0
        named = _profiled({actor for actor in acts.values() if actor}, now=now)
        for key in sorted(map(author_key, named)):
            cursor.execute("SELECT pg_advisory_xact_lock(%s)", [key])
        cursor.execute(MOVE, {"acts": list(acts), "named": list(named), "day": now.date()})
    for viewer_id in named:
        forget_state(viewer_id)
    return len(acts)


def _profiled(people: Iterable[UUID], *, now: datetime) -> set[UUID]:
    found = User.objects.filter(pk__in=people)
    return {user.pk for user in found if wishes_of(user, now=now).is_profiled}
