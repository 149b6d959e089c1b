"""Counting how clips are received."""

from django.db import connection, transaction

from feed.ranking.catalogue import RESPONSES
from feed.serving.logs import RESPONSES_OF

AT_ONCE = 20_000
LOCK = 0x72657370  # any constant: it names this one job among the database's advisory locks


def _each(template: str) -> str:
    return ", ".join(template.format(name=name) for name in RESPONSES)


# One statement: a delta is deleted exactly if it is added, whenever the process dies.
ADD_WAITING = f"""
WITH taken AS (
    DELETE FROM feed_response_delta
    WHERE id IN (SELECT id FROM feed_response_delta ORDER BY id LIMIT %s)
    RETURNING clip, response, amount
), sums AS (
    SELECT taken.clip, {_each("sum(amount) FILTER (WHERE response = '{name}') AS {name}")}
    FROM taken JOIN clips_clip ON clips_clip.id = taken.clip GROUP BY taken.clip
), added AS (
    INSERT INTO feed_clip_responses AS counted (clip_id, {_each("{name}")})
    SELECT clip, {_each("coalesce({name}, 0)")} FROM sums
    ON CONFLICT (clip_id) DO UPDATE
    SET {_each("{name} = counted.{name} + excluded.{name}")}
)
SELECT count(*) FROM taken
"""  # noqa: S608 - constant SQL

# In one snapshot: what the log and the days that were dropped come to, less what is still to be
# added.  Nobody is kept waiting, and what is added later comes on top.
RECOUNT = f"""
WITH amounts AS (
    SELECT event.clip_id AS clip, response.name, response.amount
    FROM feed_event AS event {RESPONSES_OF}
    WHERE event.clip_id IS NOT NULL AND response.amount <> 0
    UNION ALL
    SELECT clip, response, -amount FROM feed_response_delta
    UNION ALL
    SELECT clip_id, forgotten.key, forgotten.value::bigint
    FROM feed_clip_responses, jsonb_each_text(forgotten) AS forgotten
), sums AS (
    SELECT clip, {_each("coalesce(sum(amount) FILTER (WHERE name = '{name}'), 0) AS {name}")}
    FROM amounts GROUP BY clip
    UNION ALL
    SELECT clip_id, {_each("0")} FROM feed_clip_responses
    WHERE NOT EXISTS (SELECT 1 FROM amounts WHERE amounts.clip = feed_clip_responses.clip_id)
)
INSERT INTO feed_clip_responses AS counted (clip_id, {_each("{name}")})
SELECT sums.clip, {_each("sums.{name}")} FROM sums JOIN clips_clip ON clips_clip.id = sums.clip
ON CONFLICT (clip_id) DO UPDATE SET {_each("{name} = excluded.{name}")}
WHERE ({_each("counted.{name}")}) IS DISTINCT FROM ({_each("excluded.{name}")})
"""  # noqa: S608 - constant SQL


def count_responses() -> int:
    """Add waiting responses to the clips' columns, and say how many; 0 when another does it."""
    with transaction.atomic(), connection.cursor() as cursor:
        cursor.execute("SELECT pg_try_advisory_xact_lock(%s)", [LOCK])
        if not cursor.fetchone()[0]:
            return 0
        cursor.execute(ADD_WAITING, [AT_ONCE])
        return int(cursor.fetchone()[0])


def recount_responses() -> int:
    """Make all columns what the log says, and answer how many clips had to be put right."""
    with transaction.atomic(), connection.cursor() as cursor:
        cursor.execute("SELECT pg_advisory_xact_lock(%s)", [LOCK])
        cursor.execute(RECOUNT)
        return int(cursor.rowcount)
