"""Pages of clips read from the tables: lists newest first, a person's clips, and one clip."""

from collections.abc import Sequence
from enum import StrEnum
from uuid import UUID

from django.db.models import QuerySet

from accounts.models import User
from accounts.permissions import Viewer
from clips.models import Clip
from clips.selectors import clip_for, own_clips, visible_clips
from common.errors import Denied
from common.pagination import NewestFirst, Page, PageRequest
from feed.candidates import followed_clips, recommended_clips
from feed.cards import ClipCard, cards_of
from feed.selectors.unwanted import wanted_clips, without_unwanted
from social.selectors.hiding import person_for

LATEST = NewestFirst("latest", time="published_at")
FOLLOWING = NewestFirst("following", time="published_at")
BY_PERSON = NewestFirst("clips_by_person")
LOOKED_AT = 4


class Mode(StrEnum):
    """The lists a person can choose from."""

    FOR_YOU = "for_you"
    FOLLOWING = "following"
    LATEST = "latest"
    TRENDING = "trending"
    UNPROFILED = "unprofiled"


class NobodyFollows(Denied):
    """A visitor without an account follows nobody."""

    code = "login_required"


def newest_page(viewer: Viewer, *, mode: Mode, asked: PageRequest) -> Page[ClipCard]:
    """What is recommended to anybody, newest first: the latest, and every list that has no order.

    One query.  Raises UnableToReadCursor.
    """
    line = LATEST if mode == Mode.LATEST else NewestFirst(f"newest:{mode}", time="published_at")
    return _keyset(line, wanted_clips(viewer), viewer=viewer, asked=asked)


def following_page(viewer: Viewer, *, asked: PageRequest) -> Page[ClipCard]:
    """What the people whom `viewer` follows posted, newest first, without what they do not want.

    One query.  The list ends where the next LOOKED_AT pages have not one page of what is wanted.
    Raises UnableToReadCursor, and NobodyFollows for a visitor.
    """
    if not isinstance(viewer, User):
        raise NobodyFollows("Log in to see the people you follow.")
    behind = FOLLOWING.position_in(asked.cursor) if asked.cursor else None
    followed = followed_clips(viewer, behind=behind, most=LOOKED_AT * (asked.limit + 1))
    wanted = without_unwanted(followed, viewer=viewer)
    return _keyset(FOLLOWING, wanted, viewer=viewer, asked=asked)


def cards_in_order(clip_ids: Sequence[UUID], *, viewer: Viewer) -> list[ClipCard]:
    """Those of the clips that may be recommended to `viewer`, in the order given; one query."""
    clips = recommended_clips(viewer).filter(pk__in=clip_ids)
    by_id = {card["id"]: card for card in cards_of(clips, viewer=viewer)}
    return [by_id[clip_id] for clip_id in clip_ids if clip_id in by_id]


def clips_by(handle: str, *, viewer: Viewer, asked: PageRequest) -> Page[ClipCard]:
    """A person's clips, newest first; the person also sees those that are not published.

    Raises NotFound, UnableToReadCursor.
    """
    author = person_for(viewer, handle)
    clips = own_clips(author) if author == viewer else visible_clips(viewer).filter(author=author)
    return _keyset(BY_PERSON, clips, viewer=viewer, asked=asked)


def clip_card(clip_id: UUID, *, viewer: Viewer) -> ClipCard:
    """One clip that `viewer` may see.  Raises NotFound."""
    clip = clip_for(viewer, clip_id)
    return cards_of(Clip.objects.filter(pk=clip.pk), viewer=viewer)[0]


def _keyset(
    line: NewestFirst, clips: QuerySet[Clip], *, viewer: Viewer, asked: PageRequest
) -> Page[ClipCard]:
    rows = line.ordered(clips, asked.cursor)[: asked.limit + 1]
    cards = cards_of(rows, viewer=viewer)
    return line.cut(
        cards, limit=asked.limit, position=lambda card: (card["published_at"], card["id"])
    )
