"""Writing into the log of events: each event once, and its responses with it."""

from collections.abc import Sequence
from dataclasses import astuple, dataclass
from datetime import datetime
from uuid import UUID

from django.db import connection

from feed.ranking.actions import Action
from feed.ranking.catalogue import author_key

# What an event adds to a column of ClipResponses: for `event`, a row of the log.
RESPONSES_OF = """
CROSS JOIN LATERAL (VALUES
    ('impressions', (event.action = 'impression')::int),
    ('watched', (event.action = 'watch')::int),
    ('completions', (event.action = 'watch' AND event.is_completed)::int),
    ('rewatches', (event.action = 'watch' AND event.loops >= 2)::int),
    ('skips', (event.action = 'skip')::int),
    ('likes', (event.action = 'like')::int - (event.action = 'unlike')::int),
    ('comments', (event.action = 'comment')::int),
    ('shares', (event.action = 'share')::int),
    ('saves', (event.action = 'save')::int - (event.action = 'unsave')::int),
    ('remixes', (event.action = 'remix')::int),
    ('follows', (event.action = 'follow')::int),
    ('not_interested', (event.action = 'not_interested')::int),
    ('reports', (event.action = 'report')::int)
) AS response (name, amount)
"""

WRITE = f"""
WITH sent AS (
    SELECT * FROM unnest(
        %(id)s::uuid[], %(clip)s::uuid[], %(author)s::uuid[], %(action)s::text[],
        %(at)s::timestamptz[], %(watched)s::float8[], %(duration)s::float8[], %(loops)s::int2[],
        %(completed)s::boolean[], %(request)s::uuid[], %(position)s::int2[]
    ) AS sent (id, clip_id, author_id, action, at, watched_seconds, duration_seconds, loops,
               is_completed, request, position)
), event AS (
    INSERT INTO feed_event (day, viewer_id, id, clip_id, author_id, action, at, watched_seconds,
                            duration_seconds, loops, is_completed, request, position)
    SELECT %(day)s::date, %(viewer)s::uuid, sent.* FROM sent
    WHERE NOT EXISTS (
        SELECT 1 FROM feed_event AS old WHERE old.day = %(day)s::date - 1 AND old.id = sent.id
    )
    ORDER BY sent.at
    ON CONFLICT DO NOTHING
    RETURNING id, clip_id, action, loops, is_completed
), counted AS (
    INSERT INTO feed_response_delta (clip, response, amount)
    SELECT event.clip_id, response.name, sum(response.amount)
    FROM event {RESPONSES_OF}
    WHERE response.amount <> 0
    GROUP BY event.clip_id, response.name
)
SELECT id FROM event
"""  # noqa: S608 - constant SQL

ONE_AT_A_TIME = """
SELECT pg_advisory_xact_lock(%s) FROM accounts_user WHERE id = %s FOR KEY SHARE
"""


@dataclass(frozen=True, slots=True)
class LogRow:
    """A row of the log, but for its viewer and its day."""

    id: UUID
    clip: UUID
    author: UUID
    action: Action
    at: datetime
    watched: float
    duration: float
    loops: int
    completed: bool
    request: UUID | None
    position: int | None


def write_events(rows: Sequence[LogRow], *, viewer: UUID | None, now: datetime) -> set[UUID]:
    """Write what is not written yet, today or yesterday, and answer the ids of what was new.

    To be called within a transaction; for a viewer, by who holds their log.
    """
    if not rows:
        return set()
    fields = zip(*map(astuple, rows), strict=True)
    values = {name: list(column) for name, column in zip(LogRow.__slots__, fields, strict=True)}
    with connection.cursor() as cursor:
        cursor.execute(WRITE, {**values, "viewer": viewer, "day": now.date()})
        return {row[0] for row in cursor.fetchall()}


def hold_log_of(viewer: UUID) -> bool:
    """Until the transaction ends, let nobody else write this viewer's events, nor delete them.

    So their sequence has no gap that is filled later.  False when there is no such person.
    """
    with connection.cursor() as cursor:
        cursor.execute(ONE_AT_A_TIME, [author_key(viewer), viewer])
        return cursor.fetchone() is not None
