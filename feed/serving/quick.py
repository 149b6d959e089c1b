"""A page as bytes: one round trip to Valkey when all of it is ready, and no query.

Only for what is usual.  Whatever is not (a limit reached, a feed that rests at times, Valkey down)
is answered with None, and then the long way answers, in the same words.
"""

import logging
import time
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID, uuid4

import redis
from django.conf import settings

from common.pagination import UnableToReadCursor
from common.rates import parsed_rate
from feed.selectors.pages import Mode
from feed.serving.catalogues import current_catalogue
from feed.serving.cursors import place_in, sealed_place
from feed.serving.fragments import CARD, build_fragments, json_of
from feed.serving.lines import answer_of
from feed.serving.lists import LIST_SECONDS, TRIES, VISITORS, Asked, extend, new_name
from feed.serving.pace import is_always_open
from feed.serving.people import known_from, login_key
from feed.serving.scripts import PAGE

log = logging.getLogger(__name__)

RING_SECONDS = 2.0
FLAGS = {"liked": 1, "following": 2, "is_author": 4}
RING_PAGES = 500
SHARED_SECONDS = {Mode.TRENDING: 10.0, Mode.FOR_YOU: 30.0, Mode.UNPROFILED: 30.0}
BEGINNING, MIDDLE, MORE, LAST = (
    b'{"data":[',
    b'],"meta":{"next_cursor":',
    b',"has_more":true}}',
    b'null,"has_more":false}}',
)
COUNTS = b',"counts":'
VIEWERS = tuple(
    b',"viewer":%b}' % json_of({name: bool(flags & bit) for name, bit in FLAGS.items()})
    for flags in range(8)
)
"""What a viewer has to do with a clip, by its flags."""

_ring: dict[str, tuple[float, bytes]] = {}
_shared: dict[Mode, tuple[float, bytes]] = {}


@dataclass(frozen=True, slots=True)
class Wanted:
    """A page in `mode`, of `limit` clips behind `cursor`, for whom `login` is of, or a visitor.

    `query` is what was asked, as it came.
    """

    query: str
    mode: Mode
    cursor: str | None
    limit: int
    login: str | None


class UnknownLogin(Exception):
    """It has to be looked up whose this login is."""


def ready_page(wanted: Wanted, *, now: datetime) -> bytes | None:
    """The whole answer in JSON, or None where it takes the long way.  Raises UnknownLogin."""
    try:
        place = place_in(wanted.mode, wanted.cursor) if wanted.cursor else None
    except UnableToReadCursor:
        return None
    if not len(current_catalogue()):
        return None
    try:
        if wanted.login is None:
            return _visitors_page(wanted, place, now=now)
        name, offset = place or (new_name(), 0)
        return _page(wanted, name, offset, now=now)
    except redis.RedisError as error:
        log.warning("pages take the long way: %s", type(error).__name__)
        return None


def forget_ring() -> None:
    """Let go of the pages in this process's memory."""
    _ring.clear()
    _shared.clear()


def kept_page(query: str) -> bytes | None:
    """The page that another visitor was just given for the same query."""
    kept = _ring.get(query)
    return kept[1] if kept is not None and kept[0] > time.monotonic() else None


def _visitors_page(
    wanted: Wanted, place: tuple[bytes, int] | None, *, now: datetime
) -> bytes | None:
    """Visitors share their lists, and for RING_SECONDS the bytes of a page."""
    moment = time.monotonic()
    name, offset = place or (_shared_name(wanted.mode, moment), 0)
    page = _page(wanted, name, offset, now=now)
    if page is not None:
        if len(_ring) >= RING_PAGES:
            _ring.clear()
        _ring[wanted.query] = (moment + RING_SECONDS, page)
    return page


def _shared_name(mode: Mode, moment: float) -> bytes:
    """The list that visitors who come now begin with."""
    until, name = _shared.get(mode, (0.0, b""))
    if until <= moment:
        name = new_name()
        _shared[mode] = (moment + SHARED_SECONDS[mode], name)
    return name


def _page(wanted: Wanted, name: bytes, offset: int, *, now: datetime) -> bytes | None:
    most, seconds = parsed_rate(settings.PERSON_RATE)
    told = [
        login_key(wanted.login) if wanted.login else "",
        name.hex(),
        offset,
        wanted.limit,
        most,
        seconds,
        uuid4().hex,
        LIST_SECONDS,
        VISITORS,
        now.timestamp(),
    ]
    for _ in range(TRIES):
        status, *found = answer_of(PAGE, told)
        if status == b"ok":
            *parts, behind, has_more = found
            cards = _cards(*parts)
            if not has_more:
                return b"".join((BEGINNING, cards, MIDDLE, LAST))
            cursor = sealed_place(wanted.mode, name, behind).encode()
            return b"".join((BEGINNING, cards, MIDDLE, b'"', cursor, b'"', MORE))
        if status == b"stranger":
            raise UnknownLogin
        if status == b"missing":
            build_fragments(UUID(one.decode()) for one in found)
        elif status == b"slow" or not _prepared(status, wanted, (name, offset), found, now=now):
            return None
    return None


def _cards(fragments: Sequence[bytes], counts: Sequence[bytes], flags: Sequence[int]) -> bytes:
    return b",".join(
        [
            b"".join((card[CARD], COUNTS, count, VIEWERS[flag]))
            for card, count, flag in zip(fragments, counts, flags, strict=True)
        ]
    )


def _prepared(
    status: bytes,
    wanted: Wanted,
    place: tuple[bytes, int],
    found: Sequence[Any],
    *,
    now: datetime,
) -> bool:
    """Rank further for whom was found, or learn that the feed never rests for them.

    False when it may rest, or when the viewer is not known any more.
    """
    user_id, record, *tail = found
    who = known_from(UUID(user_id.decode()), record) if user_id else None
    if user_id and who is None:
        return False
    if status == b"unsure":
        return who is not None and is_always_open(who.user(), now=now)
    extend(Asked(who, wanted.mode, *place, wanted.limit), now=now, tail=tail[0])
    return True
