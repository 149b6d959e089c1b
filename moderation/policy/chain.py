"""How the rows of the audit log are chained: the same text is hashed by the database."""

import hashlib
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import UTC, datetime
from uuid import UUID

NOTHING = "0" * 64
"""What the first row names as the hash before it."""


@dataclass(frozen=True)
class Link:
    """One row of the audit log, as the table has it."""

    id: UUID
    seq: int | None
    at: datetime
    actor: str
    action: str
    subject: str
    subject_id: str
    payload: str
    prev_hash: str | None
    hash: str | None


@dataclass(frozen=True)
class Head:
    """The last row of a chain: who keeps it elsewhere finds that rows before it were changed."""

    seq: int
    hash: str

    def __str__(self) -> str:
        return f"{self.seq}:{self.hash}"

    @classmethod
    def parse(cls, text: str) -> "Head":
        """The head in `SEQ:HASH`.  Raises ValueError."""
        seq, _, digest = text.strip().partition(":")
        if len(digest) != len(NOTHING) or set(digest) - set("0123456789abcdef"):
            raise ValueError("A head is a number, a colon and 64 hex digits.")
        return cls(int(seq), digest)


@dataclass(frozen=True)
class Break:
    """The first place where the chain does not hold."""

    seq: int
    what: str


def hash_of(link: Link) -> str:
    """The SHA-256 over the row before and all that this row says."""
    at = link.at.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%S.%fZ")
    told = [link.actor, link.action, link.subject, link.subject_id, link.payload]
    text = "\n".join([str(link.prev_hash), str(link.seq), str(link.id), at, *told])
    return hashlib.sha256(text.encode()).hexdigest()


def walk(links: Iterable[Link], *, anchors: Iterable[Head] = ()) -> Break | Head:
    """The first break of the chain, or its head when it holds.

    `links` come in the order of their numbers; rows without one come first.  `anchors` are heads
    that were kept elsewhere: the chain must still contain each of them.
    """
    head = Head(0, NOTHING)
    wanted = {anchor.seq: anchor.hash for anchor in anchors}
    for link in links:
        if (broken := _broken(link, head)) is not None:
            return broken
        head = Head(head.seq + 1, str(link.hash))
        if wanted.pop(head.seq, head.hash) != head.hash:
            return Break(head.seq, "it is not the row that was here when the head was kept")
    if missing := [seq for seq in wanted if seq > 0]:
        return Break(min(missing), "it is missing: the log was longer when the head was kept")
    return head


def _broken(link: Link, head: Head) -> Break | None:
    expected = head.seq + 1
    if link.seq != expected:
        return Break(expected, f"number {expected} was expected and {link.seq} is there")
    if link.prev_hash != head.hash:
        return Break(expected, "it does not name the hash of the row before")
    if link.hash != hash_of(link):
        return Break(expected, "its hash is not that of what it says")
    return None
