"""Several questions to Postgres in one query."""

from typing import Any

import orjson
from django.db import connection

Question = tuple[str, Any]
"""SQL, and its parameters by place or by name."""


def rows_of(*questions: Question) -> list[list[dict[str, Any]]]:
    """The rows that answer each question, by their columns' names and as JSON has them.

    UUIDs, times and bytes come as text; `bytes_of` reads the last.
    """
    told = ", ".join(
        f"(SELECT coalesce(json_agg(answer), '[]')::text FROM ({_filled_in(*one)}) AS answer)"  # noqa: S608 - Postgres quotes what is filled in
        for one in questions
    )
    with connection.cursor() as cursor:
        cursor.execute(f"SELECT {told}")
        return [orjson.loads(rows) for rows in cursor.fetchone()]


def bytes_of(text: str) -> bytes:
    r"""What Postgres wrote as `\x…`."""
    return bytes.fromhex(text.removeprefix("\\x"))


def _filled_in(sql: str, parameters: Any) -> str:
    return str(connection.ops.compose_sql(sql, parameters))  # type: ignore[attr-defined]
