"""The page of the feed that a person asks for, in any mode, whoever draws it."""

import logging
from dataclasses import dataclass, replace
from datetime import datetime
from uuid import UUID, uuid4

import redis

from accounts.models import User
from accounts.permissions import Viewer
from common.pagination import Page, PageRequest, UnableToReadCursor
from feed.cards import ClipCard
from feed.selectors.pages import Mode, cards_in_order, following_page, newest_page
from feed.serving.catalogues import current_catalogue
from feed.serving.cursors import place_in, sealed_place
from feed.serving.fragments import card_mark
from feed.serving.lists import RANKED, TRIES, Asked, new_name, ready_clips
from feed.serving.pace import require_open
from feed.serving.people import known

log = logging.getLogger(__name__)


@dataclass(frozen=True)
class ServedPage(Page[ClipCard]):
    """A ranked page; what was served is noted under `request`, and events may name it."""

    request: UUID


def page_for(viewer: Viewer, *, mode: Mode, asked: PageRequest, now: datetime) -> Page[ClipCard]:
    """The page of the feed that is asked for; nothing in it that `viewer` may not see.

    Without Valkey, or before there is a catalogue, ranked lists are newest first.
    Raises UnableToReadCursor, BreakTime while the feed rests for the viewer, and NobodyFollows for
    a visitor who asks for the people they follow.
    """
    require_open(viewer, now=now)
    if mode == Mode.FOLLOWING:
        return following_page(viewer, asked=asked)
    if mode in RANKED and (place := _place(mode, asked.cursor)) is not None:
        try:
            page = _ranked(viewer, mode=mode, place=place, limit=asked.limit, now=now)
        except redis.RedisError as error:
            log.warning("pages are newest first: %s", type(error).__name__)
            page = None
        if page is not None:
            return page
        asked = replace(asked, cursor=None)
    return newest_page(viewer, mode=mode, asked=asked)


def _place(mode: Mode, cursor: str | None) -> tuple[bytes, int] | None:
    """Where in which ready list; None for the cursor of a page that was newest first."""
    if cursor is None:
        return new_name(), 0
    try:
        return place_in(mode, cursor)
    except UnableToReadCursor:
        return None


def _ranked(
    viewer: Viewer, *, mode: Mode, place: tuple[bytes, int], limit: int, now: datetime
) -> Page[ClipCard] | None:
    """The page out of the ready list; None where nothing can be ranked."""
    if not len(current_catalogue()):
        return None
    who = known(viewer.pk, now=now) if isinstance(viewer, User) else None
    name, offset = place
    part = Asked(who=who, mode=mode, name=name, offset=offset, limit=limit)
    cards, has_more, request = list[ClipCard](), True, uuid4()
    for _ in range(TRIES):
        found, behind, has_more = ready_clips(part, request=request, now=now)
        words = dict(found)
        shown = cards_in_order([one for one, _ in found], viewer=viewer)
        # What was said anew since it was ranked may be what the viewer does not want to hear.
        cards += [card for card in shown if card_mark(card) == words[card["id"]]]
        part = replace(part, offset=behind, limit=limit - len(cards))
        if len(cards) >= limit or not has_more:
            break
    cursor = sealed_place(mode, name, part.offset) if has_more else None
    return ServedPage(cards, cursor, request)
