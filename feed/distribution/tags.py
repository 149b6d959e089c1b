"""Count hashtags: how each is used, and which are used by several people right now."""

from datetime import datetime, timedelta
from typing import Any

from django.contrib.auth.models import AnonymousUser
from django.db import connection, transaction

from feed.candidates import recommended_clips

MOST_AT_ONCE = 5000
HEAT_DAYS = 3
HALF_LIFE_SECONDS = 86_400.0
LEAST_AUTHORS = 2
"""A hashtag that one person uses is not trending, however often they post it."""
ENGAGED_WEIGHT = 0.25
"""What somebody who liked, shared, saved, remixed or answered counts beside an author (1)."""
ENGAGED = ("like", "comment", "share", "save", "remix")

CHANGED = """
DELETE FROM feed_tagchange WHERE id IN (
    SELECT id FROM feed_tagchange ORDER BY id LIMIT %s FOR UPDATE SKIP LOCKED
) RETURNING tag
"""
COUNT = """
INSERT INTO feed_tag (name, near, clip_count, author_count, heat, counted_at)
SELECT used.tag, feed_near(used.tag), count(*), count(DISTINCT clip.author_id), 0, %s
FROM feed_taguse AS used JOIN ({clips}) AS clip ON clip.id = used.clip_id
WHERE used.tag = ANY(%s)
GROUP BY used.tag
ON CONFLICT (name) DO UPDATE SET clip_count = EXCLUDED.clip_count,
    author_count = EXCLUDED.author_count, counted_at = EXCLUDED.counted_at
"""
FORGET = "DELETE FROM feed_tag WHERE name = ANY(%s) AND counted_at < %s"

# Everybody counts once for a hashtag, by the last thing they did: an author by the newest clip,
# somebody else by the newest answer to a clip of another person.
HEAT = """
WITH used AS MATERIALIZED (
    SELECT used.tag, clip.id AS clip_id, clip.author_id, used.published_at
    FROM feed_taguse AS used JOIN ({clips}) AS clip ON clip.id = used.clip_id
    WHERE used.published_at > %(since)s
), author AS (
    SELECT tag, author_id, max(published_at) AS at FROM used GROUP BY tag, author_id
), engaged AS (
    SELECT used.tag, event.viewer_id, max(event.at) AS at
    FROM used JOIN feed_event AS event ON event.clip_id = used.clip_id
    WHERE event.day >= %(day)s AND event.at > %(since)s AND event.action = ANY(%(actions)s)
        AND event.viewer_id IS NOT NULL AND event.viewer_id <> used.author_id
    GROUP BY used.tag, event.viewer_id
), heat AS (
    SELECT author.tag,
        sum(power(0.5, extract(epoch FROM %(now)s - author.at) / %(half)s)) + %(weight)s * coalesce(
            (SELECT sum(power(0.5, extract(epoch FROM %(now)s - engaged.at) / %(half)s))
             FROM engaged WHERE engaged.tag = author.tag), 0) AS heat
    FROM author GROUP BY author.tag HAVING count(*) >= %(least)s
)
UPDATE feed_tag SET heat = coalesce(fresh.heat, 0)
FROM feed_tag AS tag LEFT JOIN heat AS fresh ON fresh.tag = tag.name
WHERE feed_tag.name = tag.name AND (tag.heat > 0 OR fresh.heat > 0)
"""


def count_tags(*, now: datetime) -> int:
    """Count the hashtags whose use changed, and how hot each is; the number of the former.

    Counted is what anybody may be recommended, a minor too: nothing limited, nothing private.
    Several at once do each a part.
    """
    clips = recommended_clips(AnonymousUser()).filter(is_kept_from_minors=False)
    inner, values = clips.values("id", "author_id").query.sql_with_params()
    counted = 0
    with connection.cursor() as cursor:
        while True:
            with transaction.atomic():
                cursor.execute(CHANGED, [MOST_AT_ONCE])
                rows = cursor.fetchall()
                names = sorted({name for (name,) in rows})
                cursor.execute(COUNT.format(clips=inner), [now, *values, names])
                cursor.execute(FORGET, [names, now])
            counted += len(names)
            if len(rows) < MOST_AT_ONCE:
                break
        _warm(cursor, inner, values, now=now)
    return counted


def _warm(cursor: Any, clips: str, values: tuple[Any, ...], *, now: datetime) -> None:
    since = now - timedelta(days=HEAT_DAYS)
    named = {f"clips{place}": value for place, value in enumerate(values)}
    cursor.execute(
        HEAT.format(clips=clips % tuple(f"%({name})s" for name in named)),
        {
            **named,
            "since": since,
            "day": since.date(),
            "now": now,
            "half": HALF_LIFE_SECONDS,
            "weight": ENGAGED_WEIGHT,
            "actions": list(ENGAGED),
            "least": LEAST_AUTHORS,
        },
    )
