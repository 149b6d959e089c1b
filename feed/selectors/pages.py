"""Pages of clips for a person: the feed's three modes, a person's clips, and one clip."""

from datetime import datetime
from enum import StrEnum
from uuid import UUID

from django.db.models import QuerySet

from accounts.models import User
from accounts.permissions import Viewer
from clips.models import Clip
from clips.selectors import clip_for, own_clips, visible_clips
from common.errors import Denied
from common.pagination import NewestFirst, Page, PageRequest
from feed.candidates import WINDOW, Place, followed_clips, recommended_clips, taste_of, window_from
from feed.cards import ClipCard, cards_of
from feed.ranking.diversity import best
from feed.ranking.scoring import Candidate
from feed.sessions import Session, mark_of
from social.selectors.hiding import person_for

LATEST = NewestFirst("latest", time="published_at")


FOLLOWING = NewestFirst("following", time="published_at")


BY_PERSON = NewestFirst("clips_by_person")


class Mode(StrEnum):
    """The lists a person can choose from."""

    LATEST = "latest"
    FOLLOWING = "following"
    FOR_YOU = "for_you"


class NobodyFollows(Denied):
    """A visitor without an account follows nobody."""

    code = "login_required"


def page_for(viewer: Viewer, *, mode: Mode, asked: PageRequest, now: datetime) -> Page[ClipCard]:
    """The page of the feed that is asked for; nothing in it that `viewer` may not see.

    At most three queries, whatever the page's size.  Raises UnableToReadCursor, and NobodyFollows
    for a visitor who asks for the people they follow.
    """
    if mode == Mode.FOR_YOU:
        return _for_you(viewer, asked=asked, now=now)
    if mode == Mode.LATEST:
        return _keyset(LATEST, recommended_clips(viewer), viewer=viewer, asked=asked)
    if not isinstance(viewer, User):
        raise NobodyFollows("Log in to see the people you follow.")
    behind = FOLLOWING.position_in(asked.cursor) if asked.cursor else None
    followed = followed_clips(viewer, behind=behind, most=asked.limit + 1)
    return _keyset(FOLLOWING, followed, viewer=viewer, asked=asked)


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


def _for_you(viewer: Viewer, *, asked: PageRequest, now: datetime) -> Page[ClipCard]:
    session = Session.from_cursor(asked.cursor)
    found = window_from(session.place, viewer=viewer)
    window, beyond = found[:WINDOW], found[WINDOW:]
    unseen = [one for one in window if mark_of(one.id) not in session.shown]
    chosen = best(unseen, taste_of(viewer), limit=asked.limit, now=now)
    if len(unseen) > len(chosen):
        after = session.after([one.id for one in chosen], place=_place(window[0]))
    else:
        after = Session(_place(beyond[0])) if beyond else Session()
    return Page(_in_order(chosen, viewer=viewer), after.cursor())


def _place(candidate: Candidate) -> Place:
    return Place(candidate.published_at, candidate.id)


def _in_order(chosen: list[Candidate], *, viewer: Viewer) -> list[ClipCard]:
    ids = [one.id for one in chosen]
    cards = cards_of(visible_clips(viewer).filter(pk__in=ids), viewer=viewer)
    by_id = {card["id"]: card for card in cards}
    return [by_id[clip_id] for clip_id in ids if clip_id in by_id]
