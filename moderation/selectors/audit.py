"""Reads of the audit log."""

from collections.abc import Iterable

from moderation.models.audit import AuditEntry
from moderation.policy.chain import Break, Head, Link, walk

READ_AT_ONCE = 2000
_COLUMNS = (
    "id", "seq", "at", "actor", "action", "subject", "subject_id", "payload", "prev_hash", "hash",
)  # fmt: skip


def verify_chain(*, anchors: Iterable[Head] = ()) -> Break | Head:
    """Walk the whole log: the first row that was changed, added, moved or removed, or its head."""
    entries = AuditEntry.objects.order_by("seq", "pk")
    unchained = entries.filter(seq=None).values(*_COLUMNS)[:1]
    chained = entries.filter(seq__isnull=False).values(*_COLUMNS)
    rows = [*unchained, *()] or chained.iterator(chunk_size=READ_AT_ONCE)
    return walk((Link(**row) for row in rows), anchors=anchors)


def chain_head() -> Head | None:
    """The newest row's number and hash; None while the log is empty."""
    newest = AuditEntry.objects.filter(seq__isnull=False).order_by("-seq")
    row = newest.values_list("seq", "hash").first()
    return Head(int(row[0] or 0), str(row[1])) if row else None
