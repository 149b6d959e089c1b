"""Keyset pages: `{data, meta: {next_cursor, has_more}}`, with cursors nobody can forge.

A cursor is the sort key of the last row shown, signed.  Rows added or removed meanwhile neither
repeat nor skip others, and no page is dearer than the first.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Generic, TypeAlias, TypeVar
from uuid import UUID

from django.core import signing
from django.db.models import Model, Q, QuerySet

from common.errors import Invalid

DEFAULT_LIMIT = 10
MAX_LIMIT = 50
MAX_CURSOR_LENGTH = 4096

Position: TypeAlias = tuple[datetime | None, UUID]
T = TypeVar("T")
M = TypeVar("M", bound=Model)


class UnableToReadCursor(Invalid):
    """The cursor is not one that was given out for this list."""

    code = "invalid_cursor"

    def __init__(self) -> None:
        super().__init__("This cursor was not given out for this list.", field="cursor")


@dataclass(frozen=True)
class Page(Generic[T]):
    """Some items of a list, and the cursor that asks for those after them (None at the end)."""

    items: list[T]
    next_cursor: str | None

    @property
    def has_more(self) -> bool:
        """Whether there is a page after this one."""
        return self.next_cursor is not None

    def body(self, shown: Callable[[T], Any]) -> dict[str, Any]:
        """The page as every list of `/api/v1/` is sent; `shown` tells an item's JSON."""
        meta = {"next_cursor": self.next_cursor, "has_more": self.has_more}
        return {"data": [shown(item) for item in self.items], "meta": meta}


@dataclass(frozen=True)
class PageRequest:
    """Which page is asked for.  `limit` is within 1 to 50."""

    cursor: str | None = None
    limit: int = DEFAULT_LIMIT


def page_request(query: Mapping[str, str]) -> PageRequest:
    """The page asked for by a query string.  Raises Invalid for a `limit` outside 1 to 50."""
    text = query.get("limit", str(DEFAULT_LIMIT))
    limit = int(text) if text.isascii() and text.isdigit() and len(text) < len("100") else 0
    if not 1 <= limit <= MAX_LIMIT:
        raise Invalid(f"A limit is a number from 1 to {MAX_LIMIT}.", field="limit")
    return PageRequest(cursor=query.get("cursor") or None, limit=limit)


def sealed(scope: str, value: Any) -> str:
    """A cursor of the list `scope` that carries `value` (JSON)."""
    return signing.dumps(value, salt=f"cursor:{scope}", compress=True)


def unsealed(scope: str, cursor: str) -> Any:
    """What `sealed` put in.  Raises UnableToReadCursor for any other text."""
    if len(cursor) > MAX_CURSOR_LENGTH:
        raise UnableToReadCursor
    try:
        return signing.loads(cursor, salt=f"cursor:{scope}")
    except (signing.BadSignature, ValueError) as error:
        raise UnableToReadCursor from error


@dataclass(frozen=True)
class NewestFirst:
    """A list in falling order of (time, id), and of id alone where `time` is empty.

    `time` and `key` name the columns; the id is a UUID, so ties in time have an order.
    """

    scope: str
    time: str = ""
    key: str = "id"

    def ordered(self, rows: QuerySet[M], cursor: str | None) -> QuerySet[M]:
        """`rows` in order, from behind `cursor`.  Raises UnableToReadCursor."""
        order = [f"-{name}" for name in (self.time, self.key) if name]
        rows = rows.order_by(*order)
        return rows if cursor is None else rows.filter(self._behind(cursor))

    def cut(self, found: Sequence[T], *, limit: int, position: Callable[[T], Position]) -> Page[T]:
        """A page of `limit` out of `found`, which was read with `limit + 1`.

        `position` tells an item's time (None for lists without) and id.
        """
        items = list(found[:limit])
        if len(found) <= limit:
            return Page(items, None)
        at, key = position(items[-1])
        return Page(items, sealed(self.scope, [at.isoformat() if at else "", key.hex]))

    def position_in(self, cursor: str) -> Position:
        """The time and id of the last item shown.  Raises UnableToReadCursor."""
        at, key = unsealed(self.scope, cursor)
        return datetime.fromisoformat(at) if at else None, UUID(hex=key)

    def _behind(self, cursor: str) -> Q:
        moment, last = self.position_in(cursor)
        if moment is None:
            return Q(**{f"{self.key}__lt": last})
        # The first condition is implied by the second; alone, it lets the index find the place.
        return Q(**{f"{self.time}__lte": moment}) & (
            Q(**{f"{self.time}__lt": moment}) | Q(**{f"{self.key}__lt": last})
        )


@dataclass(frozen=True)
class OldestFirst(NewestFirst):
    """A list in rising order of the id: what was said first comes first."""

    def ordered(self, rows: QuerySet[M], cursor: str | None) -> QuerySet[M]:
        """`rows` in order, from behind `cursor`.  Raises UnableToReadCursor."""
        rows = rows.order_by(self.key)
        if cursor is None:
            return rows
        return rows.filter(**{f"{self.key}__gt": self.position_in(cursor)[1]})
