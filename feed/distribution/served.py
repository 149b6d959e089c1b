"""Writing down what was served.

A note is taken out of Valkey only after it is in the table, and written there once: a worker may
die at any moment.  If Valkey itself is emptied, the notes of the last second are gone with it.
"""

from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from typing import Any

import orjson
from django.db import connection, transaction

from common.memory import valkey
from feed.serving.notes import unpacked
from feed.serving.scripts import NOTE, PICKS, STREAM

AT_ONCE = 500
LOCK = 0x73657276  # any constant: it names this one job among the database's advisory locks

# A clip without an entry, and a person, that are gone meanwhile, are left out.
WRITE = """
INSERT INTO feed_impression (day, request, clip_id, number, position, viewer_id, at, sources,
                             factors, score, propensity, is_exploration, model)
SELECT day, request, entry.clip_id, served.number, position, viewer.id, at, sources, factors,
       score, propensity, is_exploration, model
FROM unnest(%(day)s::date[], %(request)s::uuid[], %(number)s::int4[], %(position)s::int2[],
            %(viewer)s::uuid[], %(at)s::timestamptz[], %(sources)s::jsonb[], %(factors)s::jsonb[],
            %(score)s::float8[], %(propensity)s::float8[], %(is_exploration)s::boolean[],
            %(model)s::text[])
    AS served (day, request, number, position, viewer_id, at, sources, factors, score,
               propensity, is_exploration, model)
JOIN feed_entry AS entry ON entry.number = served.number
LEFT JOIN accounts_user AS viewer ON viewer.id = served.viewer_id
WHERE served.viewer_id IS NULL OR viewer.id IS NOT NULL
ON CONFLICT DO NOTHING
"""
COLUMNS = (
    "day", "request", "viewer", "at", "model", "position", "number", "score", "propensity",
    "is_exploration", "sources", "factors",
)  # fmt: skip


def write_served() -> int:
    """Move waiting notes of what was served into the table, and say how many pages there were.

    One process at a time.  Raises RedisError.
    """
    with transaction.atomic(), connection.cursor() as cursor:
        cursor.execute("SELECT pg_try_advisory_xact_lock(%s)", [LOCK])
        if not cursor.fetchone()[0]:
            return 0
        notes: Any = valkey().xrange(STREAM, count=AT_ONCE)
        rows = [row for _, fields in notes for row in _rows(fields)]
        if rows:
            columns = map(list, zip(*rows, strict=True))
            cursor.execute(WRITE, dict(zip(COLUMNS, columns, strict=True)))
    if notes:
        valkey().xdel(STREAM, *(key for key, _ in notes))
    return len(notes)


def _rows(fields: Mapping[bytes, bytes]) -> list[Sequence[Any]]:
    viewer, request, at, model, first, names = orjson.loads(fields[NOTE])
    moment = datetime.fromtimestamp(at, UTC)
    page = (moment.date(), request, viewer, moment, model[:60])
    return [
        (
            *page,
            place,
            pick.number,
            pick.score,
            pick.propensity,
            pick.is_exploration,
            orjson.dumps(pick.sources).decode(),
            orjson.dumps(pick.factors).decode(),
        )
        for place, pick in enumerate(unpacked(names, fields[PICKS]), start=first)
    ]
