"""Pages of feeds that others make: their order, our gate.

A guest's server names clips; what is shown of them is decided here, as for every other list, and
what it leaves open our own latest clips fill.  Where a list has come to is in its cursor alone,
which is sealed for its feed: where the guest goes on, which of its cursors were asked, and what
was shown.  A list ends where the guest's ends, where it comes back to itself, and after MOST_SHOWN
clips.
"""

from base64 import b64decode, b64encode
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from hashlib import sha256
from typing import Any, Self
from uuid import UUID

from accounts.permissions import Viewer
from common.pagination import NewestFirst, Page, PageRequest, sealed, unsealed
from feed.cards import ClipCard, cards_of
from feed.models.guests import GuestFeed
from feed.selectors.guests import guest_feed_for, pseudonym_of
from feed.selectors.unwanted import wanted_clips
from feed.serving.pace import require_open
from feed.serving.skeletons import Skeleton, UnableToReadSkeleton, skeleton_of

LATEST = NewestFirst("guest_latest", time="published_at")
MARK_BYTES = 4
MOST_SHOWN = 400
MOST_PAGES = 80
BARREN_PAGES = 3
LATEST_READ_EXTRA = 30


@dataclass(frozen=True)
class GuestPage(Page[ClipCard]):
    """A page of a guest's feed: the first `named` clips are the guest's, the others our latest.

    `trouble` is why there are others: late, wrong, busy, resting, or short; empty for none.
    """

    named: int
    trouble: str

    def body(self, shown: Callable[[ClipCard], Any]) -> dict[str, Any]:
        """The page as it is sent, with what is the guest's of it."""
        page = super().body(shown)
        page["meta"] |= {"named": self.named, "trouble": self.trouble or None}
        return page


def guest_page(
    viewer: Viewer, feed_id: UUID, *, asked: PageRequest, now: datetime
) -> tuple[GuestFeed, GuestPage]:
    """The feed, and the page of it that is asked for; nothing in it that `viewer` may not see.

    There is always a page, whatever the guest's server does.  Raises NotFound for a feed that is
    not there for the viewer, UnableToReadCursor, and BreakTime while the feed rests for them.
    """
    require_open(viewer, now=now)
    feed = guest_feed_for(viewer, feed_id)
    place = Place.from_cursor(feed, asked.cursor)
    skeleton, trouble = Skeleton((), None), ""
    try:
        reader = pseudonym_of(viewer, feed)
        skeleton = skeleton_of(feed, cursor=place.cursor, reader=reader, now=now.timestamp())
    except UnableToReadSkeleton as error:
        trouble = error.why
    found = _shown_of(skeleton.clip_ids, viewer=viewer, place=place)
    named, is_more = found[: asked.limit], len(found) > asked.limit
    after = place.having_shown(named)
    if not trouble and not is_more:
        after = after.moved_on(skeleton.cursor, is_barren=not named)
    filled, after = _filled(viewer, after, count=asked.limit - len(named))
    if not trouble and len(named) < asked.limit:
        trouble = "short"
    cards = [*named, *filled]
    return feed, GuestPage(cards, after.sealed_for(feed) if cards else None, len(named), trouble)


# --- which clips ---


def _shown_of(clip_ids: Iterable[UUID], *, viewer: Viewer, place: "Place") -> list[ClipCard]:
    """Of what the guest names, what this viewer may see and was not shown yet, in its order."""
    wanted = [one for one in clip_ids if mark_of(one) not in place.shown]
    if not wanted:
        return []
    cards = cards_of(wanted_clips(viewer).filter(pk__in=wanted), viewer=viewer)
    by_id = {card["id"]: card for card in cards}
    return [by_id[clip_id] for clip_id in wanted if clip_id in by_id]


def _filled(viewer: Viewer, place: "Place", *, count: int) -> tuple[list[ClipCard], "Place"]:
    """The latest clips that were not shown yet, `count` of them where there are so many."""
    if count <= 0:
        return [], place
    latest = LATEST.ordered(wanted_clips(viewer), place.latest or None)
    cards = cards_of(latest[: count + LATEST_READ_EXTRA], viewer=viewer)
    fresh = [card for card in cards if mark_of(card["id"]) not in place.shown][:count]
    if not cards:
        return [], place
    last = fresh[-1] if len(fresh) == count else cards[-1]
    assert last["published_at"] is not None  # noqa: S101 - told to the type checker
    position = sealed(LATEST.scope, [last["published_at"].isoformat(), last["id"].hex])
    return fresh, replace(place.having_shown(fresh), latest=position)


# --- where a list has come to ---


def mark_of(clip_id: UUID) -> bytes:
    """A clip in a cursor: the end of its id, which is random."""
    return clip_id.bytes[-MARK_BYTES:]


def _mark_of_cursor(cursor: str) -> bytes:
    return sha256(cursor.encode("utf-8", "surrogatepass")).digest()[:MARK_BYTES]


@dataclass(frozen=True)
class Place:
    """Where a viewer is in a guest's list, and in our latest clips beside it."""

    cursor: str | None = None
    asked: tuple[bytes, ...] = ()
    shown: tuple[bytes, ...] = ()
    latest: str = ""
    barren: int = 0
    pages: int = 0
    is_over: bool = False

    @classmethod
    def from_cursor(cls, feed: GuestFeed, cursor: str | None) -> Self:
        """The place a cursor of `feed` stands for.  Raises UnableToReadCursor."""
        if cursor is None:
            return cls()
        theirs, asked, shown, latest, barren, pages = unsealed(_scope(feed), cursor)
        return cls(theirs, _split(asked), _split(shown), latest, barren, pages)

    def having_shown(self, cards: Sequence[ClipCard]) -> Self:
        """The place once these were shown too."""
        return replace(self, shown=(*self.shown, *(mark_of(card["id"]) for card in cards)))

    def moved_on(self, cursor: str | None, *, is_barren: bool) -> Self:
        """The place behind the guest's page; over where there is none, or none that is new."""
        asked = (*self.asked, _mark_of_cursor(self.cursor or ""))
        barren = self.barren + 1 if is_barren else 0
        is_over = not cursor or _mark_of_cursor(cursor) in asked or barren >= BARREN_PAGES
        return replace(self, cursor=cursor, asked=asked, barren=barren, is_over=is_over)

    def sealed_for(self, feed: GuestFeed) -> str | None:
        """The cursor that goes on here; None where the list is over."""
        pages = self.pages + 1
        if self.is_over or pages >= MOST_PAGES or len(self.shown) >= MOST_SHOWN:
            return None
        asked, shown = _joined(self.asked), _joined(self.shown)
        return sealed(_scope(feed), [self.cursor, asked, shown, self.latest, self.barren, pages])


def _scope(feed: GuestFeed) -> str:
    return f"guest:{feed.pk.hex}"


def _joined(marks: Iterable[bytes]) -> str:
    return b64encode(b"".join(marks)).decode()


def _split(text: str) -> tuple[bytes, ...]:
    marks = b64decode(text)
    return tuple(marks[at : at + MARK_BYTES] for at in range(0, len(marks), MARK_BYTES))
