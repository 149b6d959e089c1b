"""Where a for-you list has come to, so that no clip comes twice.

The list walks down all public clips in windows, newest first.  Within a window clips are ranked
afresh for every page, so the cursor carries which of them were shown: by the last four bytes of
their ids, which are random.
"""

from base64 import b64decode, b64encode
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from typing import Self
from uuid import UUID

from common.pagination import sealed, unsealed
from feed.candidates import Place

SCOPE = "for_you"
MARK_BYTES = 4


def mark_of(clip_id: UUID) -> bytes:
    """The clip in a cursor; of 200 two are alike once in 200,000 windows."""
    return clip_id.bytes[-MARK_BYTES:]


@dataclass(frozen=True)
class Session:
    """The window's first place, and the marks of what was shown of the window."""

    place: Place | None = None
    shown: frozenset[bytes] = frozenset()

    @classmethod
    def from_cursor(cls, cursor: str | None) -> Self:
        """The session a cursor goes on with.  Raises UnableToReadCursor."""
        if cursor is None:
            return cls()
        at, key, marks = unsealed(SCOPE, cursor)
        return cls(Place(datetime.fromisoformat(at), UUID(hex=key)), _split(b64decode(marks)))

    def after(self, shown: Iterable[UUID], *, place: Place) -> Self:
        """The session once these clips were shown too, of the window that starts at `place`."""
        return type(self)(place, self.shown | {mark_of(clip_id) for clip_id in shown})

    def cursor(self) -> str | None:
        """The cursor that goes on here; None for a session that has not begun."""
        if self.place is None:
            return None
        marks = b64encode(b"".join(sorted(self.shown))).decode()
        at = self.place.published_at.isoformat()
        return sealed(SCOPE, [at, self.place.clip_id.hex, marks])


def _split(marks: bytes) -> frozenset[bytes]:
    starts = range(0, len(marks), MARK_BYTES)
    return frozenset(marks[start : start + MARK_BYTES] for start in starts)
