"""A page as bytes: one round trip to Valkey when all of it is ready, and no query.

It is asked for in `begun_page`, and read in `ready_page`: what is done between them costs no time.
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
from feed.serving.lines import Question, answer_of
from feed.serving.lists import LIST_SECONDS, TRIES, VISITORS, Asked, extension, new_name
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


@dataclass(frozen=True, slots=True)
class Begun:
    """A page that Valkey is asked for: the list's `name`, and from which offset on."""

    wanted: Wanted
    name: bytes
    offset: int
    now: datetime
    told: list[Any]
    question: Question


def begun_page(wanted: Wanted, *, now: datetime) -> Begun | None:
    """Ask for the page, and wait for nothing yet; None where it takes the long way."""
    try:
        place = place_in(wanted.mode, wanted.cursor) if wanted.cursor else None
    except UnableToReadCursor:
        return None
    if not len(current_catalogue()):
        return None
    if place is None:
        place = (new_name() if wanted.login else _shared_name(wanted.mode)), 0
    most, seconds = parsed_rate(settings.PERSON_RATE)
    name, offset = place
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
    return Begun(wanted, name, offset, now, told, Question(PAGE, told))


def ready_page(begun: Begun) -> bytes | None:
    """The whole answer in JSON, or None where it takes the long way.  Raises UnknownLogin.

    Visitors share the bytes of a page for RING_SECONDS.
    """
    try:
        page = _page(begun)
    except redis.RedisError as error:
        log.warning("pages take the long way: %s", type(error).__name__)
        return None
    if begun.wanted.login is None and page is not None:
        if len(_ring) >= RING_PAGES:
            _ring.clear()
        _ring[begun.wanted.query] = (time.monotonic() + RING_SECONDS, page)
    return page


def forget_ring() -> None:
    """Let go of the pages in this process's memory."""
    _ring.clear()
    _shared.clear()


def kept_page(query: str) -> bytes | None:
    """The page that another visitor was just given for the same query."""
    kept = _ring.get(query)
    return kept[1] if kept is not None and kept[0] > time.monotonic() else None


def _shared_name(mode: Mode) -> bytes:
    """The list that visitors who come now begin with."""
    moment = time.monotonic()
    until, name = _shared.get(mode, (0.0, b""))
    if until <= moment:
        name = new_name()
        _shared[mode] = (moment + SHARED_SECONDS[mode], name)
    return name


def _page(begun: Begun) -> bytes | None:
    status, *found = begun.question.answer()
    for _ in range(TRIES):
        if status == b"ok":
            return _page_of(begun.wanted.mode, begun.name, *found)
        ranked = _prepared(status, begun, found)
        if ranked is None:
            break
        status, *found = answer_of(PAGE, begun.told + ranked)
    return None


def _page_of(
    mode: Mode,
    name: bytes,
    fragments: Sequence[bytes],
    counts: Sequence[bytes],
    flags: Sequence[int],
    behind: int,
    has_more: int,
) -> bytes:
    cards = _cards(fragments, counts, flags)
    if not has_more:
        return b"".join((BEGINNING, cards, MIDDLE, LAST))
    cursor = sealed_place(mode, name, behind).encode()
    return b"".join((BEGINNING, cards, MIDDLE, b'"', cursor, b'"', MORE))


def _prepared(status: bytes, begun: Begun, found: Sequence[Any]) -> list[Any] | None:
    """Do what is missing, and say what PAGE is to be told besides: what was ranked, if anything.

    None where it takes the long way.  Raises UnknownLogin.
    """
    if status == b"stranger":
        raise UnknownLogin
    if status == b"missing":
        build_fragments(UUID(one.decode()) for one in found)
        return []
    if status == b"slow":
        return None
    user_id, record, *tail = found
    who = known_from(UUID(user_id.decode()), record) if user_id else None
    if status == b"short" and (who or not user_id):
        asked = Asked(who, begun.wanted.mode, begun.name, begun.offset, begun.wanted.limit)
        return extension(asked, tail[0], now=begun.now)
    # It is not known if the feed ever rests for them; where it may, it takes the long way.
    is_open = status == b"unsure" and who is not None and is_always_open(who.user(), now=begun.now)
    return [] if is_open else None


def _cards(fragments: Sequence[bytes], counts: Sequence[bytes], flags: Sequence[int]) -> bytes:
    return b",".join(
        [
            b"".join((card[CARD], COUNTS, count, VIEWERS[flag]))
            for card, count, flag in zip(fragments, counts, flags, strict=True)
        ]
    )
