"""Heads of the audit log, kept outside the database: who rewrites the log does not have them."""

from collections.abc import Iterator
from datetime import datetime
from pathlib import Path

from django.conf import settings

from moderation.policy.chain import Head
from moderation.selectors.audit import chain_head

NAME = "audit-heads.txt"
LONGEST_LINE = 200


def anchor_file() -> Path:
    """The file in the data folder: a line each, `SEQ:HASH TIME`, oldest first."""
    return Path(settings.REVERIE_DATA) / NAME


def keep_head(*, now: datetime) -> Head | None:
    """Add the newest head to the file, unless it is there; None while the log is empty."""
    head = chain_head()
    if head is not None and head != _last_kept():
        with anchor_file().open("a", encoding="ascii") as file:
            file.write(f"{head} {now:%Y-%m-%dT%H:%M:%SZ}\n")
    return head


def kept_heads(path: Path | None = None) -> list[Head]:
    """Every head in the file.  Raises ValueError for a line that is none."""
    return list(_heads(path or anchor_file()))


def _last_kept() -> Head | None:
    path = anchor_file()
    if not path.exists():
        return None
    with path.open("rb") as file:
        file.seek(max(0, path.stat().st_size - LONGEST_LINE))
        lines = file.read().decode("ascii").splitlines()
    return Head.parse(lines[-1].split()[0]) if lines else None


def _heads(path: Path) -> Iterator[Head]:
    if path.exists():
        for line in path.read_text(encoding="ascii").splitlines():
            if line.strip():
                yield Head.parse(line.split()[0])
