"""Pages of a list that is put in order as a whole: go on behind what was shown last."""

from collections.abc import Callable, Sequence
from hashlib import sha256
from typing import TypeVar

from common.pagination import Page, PageRequest, UnableToReadCursor, sealed, unsealed

T = TypeVar("T")


def page_of(
    found: Sequence[T], *, scope: str, asked: PageRequest, key: Callable[[T], str], about: str
) -> Page[T]:
    """The page of `found` that is asked for; `key` names an item, `about` is what was asked.

    The next page begins behind the last item shown, wherever that is by then; if it is gone, at
    its place.  Raises UnableToReadCursor, also for a cursor given out for another question.
    """
    question = sha256(about.encode()).hexdigest()[:16]
    start = 0
    if asked.cursor is not None:
        asked_before, last, place = unsealed(scope, asked.cursor)
        if asked_before != question:
            raise UnableToReadCursor
        start = next((at + 1 for at, one in enumerate(found) if key(one) == last), int(place))
    items = list(found[start : start + asked.limit])
    end = start + len(items)
    if not items or end >= len(found):
        return Page(items, None)
    return Page(items, sealed(scope, [question, key(items[-1]), end]))
