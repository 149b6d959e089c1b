"""Reads of clips and videos; every one takes the viewer, so what may be seen is decided here."""

from datetime import date
from functools import lru_cache
from typing import Any, TypeAlias
from uuid import UUID, uuid4

from django.contrib.auth.models import AnonymousUser
from django.db.models import BooleanField, F, Func, Q, QuerySet, Value
from django.utils import timezone

from accounts.models import Role, User
from accounts.selectors import is_adult, is_minor
from clips.models import Clip, Limit, Origin, Privacy, Rendition, RenditionKind, Video
from clips.states import DELETED, PUBLISHED
from common.errors import Denied, Invalid, NotFound

Viewer: TypeAlias = User | AnonymousUser


class NoRemix(Denied):
    """The clip's author does not want others to begin with it."""

    code = "remix_not_allowed"


# Stand for the viewer and the clip in statements that are written ahead.
_SOMEBODY, _SOME_CLIP = uuid4(), uuid4()

REVIEWERS = frozenset({Role.MODERATOR, Role.ADMIN})


def _is_pair(table: str, viewer: User, *, of_viewer: str, of_author: str) -> Func:
    """Whether the table has a row of these two.

    Follows and blocks live on a floor above; their tables are part of who may see a clip.  The
    author is named by the column, so that the condition also holds inside of other queries.
    """
    return Func(
        Value(viewer.pk),
        F("author_id"),
        template=f"EXISTS (SELECT 1 FROM {table} r WHERE r.{of_viewer} = %(expressions)s)",  # noqa: S608
        arg_joiner=f" AND r.{of_author} = ",
        output_field=BooleanField(),
    )


def _follows(viewer: User) -> Q:
    return Q(_is_pair("social_follow", viewer, of_viewer="follower_id", of_author="followee_id"))


def _is_followed_by_author(viewer: User) -> Q:
    return Q(_is_pair("social_follow", viewer, of_viewer="followee_id", of_author="follower_id"))


def _open_to(viewer: Viewer) -> Q:
    public = Q(privacy=Privacy.PUBLIC)
    if not isinstance(viewer, User):
        return public
    is_followed, follows_back = _follows(viewer), _is_followed_by_author(viewer)
    return (
        public
        | Q(author=viewer)
        | (Q(privacy=Privacy.FOLLOWERS) & is_followed)
        | (Q(privacy=Privacy.MUTUALS) & is_followed & follows_back)
    )


def _of_age(viewer: Viewer) -> Q:
    """What nobody but adults may see is for those of whom it is known, and for its author.

    What is kept from minors is for everybody who did not say they are one.
    """
    if not isinstance(viewer, User):
        return ~Q(limits__contains=[Limit.AGE_GATE])
    now = timezone.now()
    if is_adult(viewer, now=now):
        return Q()
    for_them = ~Q(limits__contains=[Limit.AGE_GATE])
    if is_minor(viewer, now=now):
        for_them &= Q(is_kept_from_minors=False)
    return for_them | Q(author=viewer)


def _blocked(viewer: Viewer) -> Q:
    """Whether the viewer blocked the author, or the author the viewer."""
    if not isinstance(viewer, User):
        return Q(pk__in=[])
    blocks = _is_pair("social_block", viewer, of_viewer="blocker_id", of_author="blocked_id")
    is_blocked = _is_pair("social_block", viewer, of_viewer="blocked_id", of_author="blocker_id")
    return Q(blocks) | Q(is_blocked)


def is_reviewer(viewer: Viewer) -> bool:
    """Whether `viewer` may see what is not published, in order to judge it."""
    return isinstance(viewer, User) and viewer.is_active and viewer.role in REVIEWERS


def visible_clips(viewer: Viewer) -> QuerySet[Clip]:
    """The published clips that `viewer` may see: what lists are made of."""
    published = Clip.objects.filter(state=PUBLISHED, author__is_active=True)
    return published.filter(_open_to(viewer)).filter(_of_age(viewer)).exclude(_blocked(viewer))


def visible_clip_sql(viewer: User, clip_id: UUID) -> tuple[str, list[Any]]:
    """A SELECT of the clip's id if `viewer` may see it, and its parameters: `visible_clips`.

    Django writes it once a day for all viewers of a year of birth; of each, only the id differs.
    """
    day = timezone.now().date()
    statement, values = _visible_clip_sql(viewer.birth_year, viewer.role, day)
    given = {_SOMEBODY: viewer.pk, _SOME_CLIP: clip_id}
    return statement, [given.get(one, one) if isinstance(one, UUID) else one for one in values]


@lru_cache(maxsize=512)
def _visible_clip_sql(birth_year: int | None, role: str, _day: date) -> tuple[str, tuple[Any, ...]]:
    viewer = User(pk=_SOMEBODY, birth_year=birth_year, role=role)
    clips = visible_clips(viewer).filter(pk=_SOME_CLIP).values("pk")
    statement, values = clips.query.sql_with_params()
    return statement, tuple(values)


def own_clips(owner: User) -> QuerySet[Clip]:
    """All clips of `owner` in every state but deleted."""
    return Clip.objects.filter(author=owner).exclude(state=DELETED)


def clip_for(viewer: Viewer, clip_id: UUID) -> Clip:
    """One clip: published and open to `viewer`, or their own, or any for a reviewer.

    Raises NotFound, which does not tell a hidden clip from one that never was.
    """
    clips = Clip.objects.exclude(state=DELETED)
    if not is_reviewer(viewer):
        seen = Q(pk__in=visible_clips(viewer).filter(pk=clip_id).values("pk"))
        if isinstance(viewer, User):
            seen |= Q(author=viewer)
        clips = clips.filter(seen)
    clip = clips.select_related("author", "video").filter(pk=clip_id).first()
    if clip is None:
        raise NotFound("There is no such clip.")
    return clip


def rendition_for(viewer: Viewer, clip_id: UUID, name: str) -> Rendition:
    """One stored file of a clip that `viewer` may see.  Raises NotFound."""
    clip = clip_for(viewer, clip_id)
    rendition = Rendition.objects.filter(video_id=clip.video_id, name=name).first()
    if rendition is None:
        raise NotFound("There is no such file.")
    return rendition


def rendition_of(video: Video, kind: RenditionKind) -> Rendition:
    """The stored file of `video` of one kind; ownership of the video is the caller's to check."""
    return Rendition.objects.get(video=video, kind=kind)


def remixable_video(viewer: User, video_id: UUID) -> Video:
    """The video that `viewer` may begin a video of their own with.

    Their own, or that of a clip they may see whose author allows it.  Raises NotFound, NoRemix,
    and Invalid for an uploaded one, which has no words to begin with.
    """
    video = Video.objects.select_related("clip").filter(pk=video_id).first()
    clip = getattr(video, "clip", None)
    if video is None or not (video.owner_id == viewer.pk or _is_seen(viewer, clip)):
        raise NotFound("There is no such video.")
    if video.owner_id != viewer.pk and clip is not None and not clip.allows_remixes:
        raise NoRemix("Its author does not want it to be remixed.")
    if video.origin == Origin.UPLOADED:
        raise Invalid("An uploaded clip has no words to begin with.", code="nothing_to_remix")
    return video


def _is_seen(viewer: Viewer, clip: Clip | None) -> bool:
    return clip is not None and visible_clips(viewer).filter(pk=clip.pk).exists()


def video_for(owner: User, video_id: UUID) -> Video:
    """One of the owner's own videos.  Raises NotFound."""
    video = Video.objects.filter(owner=owner, pk=video_id).first()
    if video is None:
        raise NotFound("There is no such video.")
    return video
