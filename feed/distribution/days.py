"""The days of the logs: made ahead, and dropped when they are older than what is kept."""

import logging
from datetime import UTC, date, datetime, time, timedelta

from django.conf import settings
from django.db import OperationalError, connection, transaction

from feed.distribution.responding import LOCK
from feed.serving.logs import RESPONSES_OF
from social.services.watching import forget_viewers

log = logging.getLogger(__name__)

LOGS = ("feed_event", "feed_impression")
DAYS_AHEAD = 3

PARTITIONS = """
SELECT child.relname FROM pg_inherits
JOIN pg_class AS child ON child.oid = inhrelid
WHERE inhparent = %s::regclass AND child.relname <> %s
"""

# What a day counted stays in the clips' columns, and is remembered for the next recount.
REMEMBER = f"""
WITH amounts AS (
    SELECT event.clip_id AS clip, response.name, sum(response.amount) AS amount
    FROM feed_event AS event {RESPONSES_OF}
    WHERE event.day = %s AND event.clip_id IS NOT NULL AND response.amount <> 0
    GROUP BY event.clip_id, response.name
), summed AS (
    SELECT clip, name, sum(amount) AS amount FROM (
        SELECT clip, name, amount FROM amounts
        UNION ALL
        SELECT clip_id, key, value::bigint
        FROM feed_clip_responses, jsonb_each_text(forgotten)
        WHERE clip_id IN (SELECT clip FROM amounts)
    ) AS all_of_them GROUP BY clip, name
)
INSERT INTO feed_clip_responses (clip_id, forgotten)
SELECT clip, jsonb_object_agg(name, amount) FROM summed
JOIN clips_clip ON clips_clip.id = summed.clip GROUP BY clip
ON CONFLICT (clip_id) DO UPDATE SET forgotten = excluded.forgotten
"""  # noqa: S608 - constant SQL


def keep_days(*, now: datetime) -> None:
    """Have a table for today and the next days, and none older than what is kept.

    What came on a day without a table lies in the default one until then: nothing is lost.  A
    table that is in use is left for the next time.
    """
    today = now.astimezone(UTC).date()
    oldest = today - timedelta(days=settings.EVENT_DAYS)
    for name in LOGS:
        kept = _days_of(name)
        for day in (today + timedelta(days=ahead) for ahead in range(DAYS_AHEAD + 1)):
            if day not in kept:
                _make(name, day)
        for day in sorted(kept):
            if day < oldest:
                _drop(name, day)
        _empty_default(name, oldest)
    forget_viewers(before=datetime.combine(oldest, time(), UTC))


def table_of(log_name: str, day: date) -> str:
    """What the table of a day is called."""
    return f"{log_name}_{day:%Y%m%d}"


def _days_of(name: str) -> set[date]:
    with connection.cursor() as cursor:
        cursor.execute(PARTITIONS, [name, f"{name}_default"])
        tables = [row[0] for row in cursor.fetchall()]
    return {datetime.strptime(one[-8:], "%Y%m%d").replace(tzinfo=UTC).date() for one in tables}


def _make(name: str, day: date) -> None:
    """Make the table of a day beside the log, move what waits for it, and join it to the log."""
    table, default = table_of(name, day), f"{name}_default"
    after = day + timedelta(days=1)
    _patiently(
        f"CREATE TABLE {table} (LIKE {name} INCLUDING ALL)",
        f"LOCK TABLE {name} IN ACCESS EXCLUSIVE MODE",
        f"WITH waiting AS (DELETE FROM {default} WHERE day = '{day}' RETURNING *) "  # noqa: S608
        f"INSERT INTO {table} SELECT * FROM waiting",
        f"ALTER TABLE {name} ATTACH PARTITION {table} FOR VALUES FROM ('{day}') TO ('{after}')",
    )


def _drop(name: str, day: date) -> None:
    _patiently(f"DROP TABLE {table_of(name, day)}", forgets=day if name == "feed_event" else None)


def _empty_default(name: str, oldest: date) -> None:
    """Drop what is too old and never got a table of its own."""
    with connection.cursor() as cursor:
        cursor.execute(
            f"SELECT DISTINCT day FROM {name}_default WHERE day < %s",  # noqa: S608
            [oldest],
        )
        days = [row[0] for row in cursor.fetchall()]
    for day in days:
        statement = f"DELETE FROM {name}_default WHERE day = '{day}'"  # noqa: S608 - a date
        _patiently(statement, forgets=day if name == "feed_event" else None)


def _patiently(*statements: str, forgets: date | None = None) -> None:
    """Run the statements together, or none of them if a table stays in use for two seconds."""
    try:
        with transaction.atomic(), connection.cursor() as cursor:
            cursor.execute("SET LOCAL lock_timeout = '2s'")
            if forgets is not None:
                cursor.execute("SELECT pg_advisory_xact_lock(%s)", [LOCK])
                cursor.execute(REMEMBER, [forgets])
            for statement in statements:
                cursor.execute(statement)
    except OperationalError as error:
        log.warning("a log's day is left for the next time: %s", error)
