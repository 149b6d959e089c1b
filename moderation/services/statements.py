"""Statements of reasons for the public register."""

import json
from collections.abc import Iterator
from datetime import datetime
from functools import cache
from itertools import islice
from typing import Any

from jsonschema import Draft202012Validator

from common.errors import Conflict
from moderation.enforcement.statements import reasons_of
from moderation.policy.reasons import statement_schema, transparency_record
from moderation.selectors.statements import statements_between

READ_AT_ONCE = 500


class UnableToExport(Conflict):
    """A statement is not what the register takes; the message says which and why."""

    code = "invalid_statement"


@cache
def statement_validator() -> Draft202012Validator:
    """Checks a record against the schema of the Transparency Database."""
    return Draft202012Validator(
        statement_schema(), format_checker=Draft202012Validator.FORMAT_CHECKER
    )


def exported_batches(start: datetime, end: datetime, *, size: int) -> Iterator[str]:
    """The statements made from `start` until just before `end`, as JSON, `size` in each text.

    The shape is that of the register's batch submission: `{"statements": [...]}`.
    Raises UnableToExport.
    """
    rows = statements_between(start, end).iterator(chunk_size=READ_AT_ONCE)
    records = (_checked(transparency_record(reasons_of(row))) for row in rows)
    while batch := list(islice(records, size)):
        yield json.dumps({"statements": batch}, indent=1) + "\n"


def _checked(record: dict[str, Any]) -> dict[str, Any]:
    for error in statement_validator().iter_errors(record):
        raise UnableToExport(f"Statement {record['puid']}: {error.json_path}: {error.message}")
    return record
