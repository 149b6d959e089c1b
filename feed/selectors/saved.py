"""Pages of clips somebody saved."""

from typing import TypeVar
from uuid import UUID

from django.db.models import QuerySet

from accounts.models import User
from accounts.permissions import Viewer
from clips.selectors import visible_clips
from common.pagination import NewestFirst, Page, PageRequest
from feed.cards import ClipCard, cards_of
from social.models.saving import CollectedClip, Collection, SavedClip
from social.selectors.saving import collected_clips, saved_clips

Kept = TypeVar("Kept", SavedClip, CollectedClip)

SAVED = NewestFirst("saved", time="created_at", key="clip_id")


def saved_page(owner: User, *, asked: PageRequest) -> Page[ClipCard]:
    """What the owner saved and may still see, the newest first.  Raises UnableToReadCursor."""
    return _page(SAVED, saved_clips(owner), viewer=owner, asked=asked)


def collection_page(
    collection: Collection, *, viewer: Viewer, asked: PageRequest
) -> Page[ClipCard]:
    """What is in the collection and `viewer` may see.  Raises UnableToReadCursor."""
    line = NewestFirst(f"collection:{collection.pk}", time="created_at", key="clip_id")
    return _page(line, collected_clips(collection, viewer=viewer), viewer=viewer, asked=asked)


def _page(
    line: NewestFirst,
    kept: QuerySet[Kept],
    *,
    viewer: Viewer,
    asked: PageRequest,
) -> Page[ClipCard]:
    rows = line.ordered(kept, asked.cursor)[: asked.limit + 1]
    page = line.cut(
        list(rows), limit=asked.limit, position=lambda row: (row.created_at, row.clip_id)
    )
    ids = [row.clip_id for row in page.items]
    return Page(_cards(ids, viewer=viewer), page.next_cursor)


def _cards(ids: list[UUID], *, viewer: Viewer) -> list[ClipCard]:
    cards = cards_of(visible_clips(viewer).filter(pk__in=ids), viewer=viewer)
    by_id = {card["id"]: card for card in cards}
    return [by_id[clip_id] for clip_id in ids if clip_id in by_id]
