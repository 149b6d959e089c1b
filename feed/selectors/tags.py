"""Hashtags: the clips that carry one, and the ones much used now."""

from enum import StrEnum
from typing import Any
from uuid import UUID

from django.db.models import F

from accounts.permissions import Viewer
from clips.services import HASHTAG
from common.errors import NotFound
from common.pagination import NewestFirst, Page, PageRequest
from feed.cards import ClipCard
from feed.models.searching import Tag
from feed.selectors.listing import page_of
from feed.selectors.searching import searchable_clips, wanted_cards
from feed.selectors.unwanted import unwanted_by

NEWEST = NewestFirst("tag", time="used_at")
MOST_CLIPS = 1000
"""The best of a hashtag are looked for among so many of its newest clips."""
MOST_TRENDING = 20


class Order(StrEnum):
    """How a hashtag's clips are put in order."""

    NEWEST = "newest"
    TOP = "top"


def tag_named(text: str) -> str:
    """`text` as hashtags are kept.  Raises NotFound for what can be none."""
    name = text.strip().removeprefix("#").lower()
    if not HASHTAG.fullmatch(name):
        raise NotFound("There is no such hashtag.")
    return name


def clips_with(tag: str, *, order: Order, viewer: Viewer, asked: PageRequest) -> Page[ClipCard]:
    """The clips that carry `tag`: newest first, or what is most liked among the newest 1,000.

    Raises UnableToReadCursor, and NotFound where the viewer may see none.
    """
    if order == Order.NEWEST:
        rows = NEWEST.ordered(_using(tag, viewer=viewer), asked.cursor)[: asked.limit + 1]
        found = list(rows.values_list("pk", "used_at"))
        page = NEWEST.cut(found, limit=asked.limit, position=lambda row: (row[1], row[0]))
        ids, cursor = [clip_id for clip_id, _ in page.items], page.next_cursor
    else:
        best = page_of(
            _best(tag, viewer=viewer), scope="tag_top", asked=asked, key=lambda one: one.hex,
            about=tag,
        )  # fmt: skip
        ids, cursor = best.items, best.next_cursor
    if not ids and asked.cursor is None:
        raise NotFound("There are no clips with this hashtag.")
    return Page(wanted_cards(ids, viewer=viewer), cursor)


def _using(tag: str, *, viewer: Viewer) -> Any:
    """Visible clips with the hashtag, each with `used_at`: the index of uses has their order."""
    clips = searchable_clips(viewer).filter(tag_uses__tag=tag)
    return clips.annotate(used_at=F("tag_uses__published_at"))


def _best(tag: str, *, viewer: Viewer) -> list[UUID]:
    newest = (
        _using(tag, viewer=viewer)
        .order_by("-used_at", "-pk")
        .values_list("pk", "like_count", "view_count")[:MOST_CLIPS]
    )
    best = sorted(newest, key=lambda row: (-row[1], -row[2]))
    return [clip_id for clip_id, _, _ in best]


def trending_tags(viewer: Viewer, *, most: int = MOST_TRENDING) -> list[Tag]:
    """The hashtags several people use now, hottest first; none that the viewer muted as a word."""
    muted = unwanted_by(viewer).words
    tags = Tag.objects.filter(heat__gt=0).exclude(name__in=muted)
    return list(tags.order_by("-heat", "name")[:most])


def tag_counts(tag: str) -> Tag:
    """How `tag` is used by what anybody may be recommended; zeros for one that is not."""
    return Tag.objects.filter(name=tag).first() or Tag(name=tag)


def used_tag(tag: str) -> Tag:
    """A hashtag in use, with its counts.  Raises NotFound."""
    found = Tag.objects.filter(name=tag).first()
    if found is None:
        raise NotFound("There are no clips with this hashtag.")
    return found
