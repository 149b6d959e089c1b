"""What people are told, as far as they may see it now."""

from collections.abc import Iterable
from dataclasses import dataclass, field
from uuid import UUID

from django.contrib.postgres.expressions import ArraySubquery
from django.db.models import Exists, F, OuterRef, Q, QuerySet

from accounts.models import User
from clips.models import Clip
from clips.selectors import own_clips, visible_clips
from clips.states import CLIP_STATES
from social.models.likes import Like
from social.models.notifications import Kind, Notification, NotificationSettings
from social.models.people import Follow
from social.selectors.comments import readable_under_any
from social.selectors.hiding import unwelcome_to

MOST_COUNTED = 99
PEOPLE_NAMED = 2
SAID = (Kind.COMMENT, Kind.REPLY, Kind.MENTION)
STATES = tuple(kind for kind in Kind if kind.value in CLIP_STATES.states)


@dataclass(frozen=True)
class News:
    """A notification as it is shown: who (the newest first), how many others, and of what."""

    row: Notification
    people: list[User]
    other_count: int = 0
    clip: Clip | None = None
    text: str = ""


@dataclass(frozen=True)
class Likers:
    """The newest who like a clip, and whether its author does too."""

    ids: list[UUID] = field(default_factory=list)
    with_author: bool = False


@dataclass(frozen=True)
class Wanted:
    """What a person wants to be told of."""

    unwanted: frozenset[str] = field(default_factory=frozenset)
    wants_digest: bool = False

    def wants(self, kind: str) -> bool:
        """Whether to tell them of this kind."""
        return kind not in self.unwanted


def wanted_by(user: User) -> Wanted:
    """The person's choice; by default everything inside Reverie and no mail."""
    row = NotificationSettings.objects.filter(user=user).first()
    return Wanted(frozenset(row.unwanted), row.wants_digest) if row else Wanted()


def notifications_of(receiver: User) -> QuerySet[Notification]:
    """What the receiver is told and may still see: what is hidden, gone or unwanted is left out."""
    told = Notification.objects.filter(receiver=receiver)
    told = told.exclude(kind__in=wanted_by(receiver).unwanted)
    told = told.exclude(unwelcome_to(receiver, "actor_id")).exclude(actor__is_active=False)
    return told.filter(_stands(receiver))


def unread_count(receiver: User) -> int:
    """How many are unread, up to 99."""
    return notifications_of(receiver).filter(read_at=None)[:MOST_COUNTED].count()


def told(rows: Iterable[Notification], *, receiver: User) -> list[News]:
    """The rows as they are shown; what everything needs is asked for at once."""
    rows = list(rows)
    likers = _likers(rows, receiver=receiver)
    people = User.objects.in_bulk(
        {row.actor_id for row in rows if row.actor_id}
        | {one for some in likers.values() for one in some.ids}
    )
    clips = Clip.objects.select_related("author").in_bulk(
        {row.clip_id for row in rows if row.clip_id}
    )
    return [_news(row, likers=likers, people=people, clips=clips) for row in rows]


def _stands(receiver: User) -> Q:
    """Whether what is told is still so, and may be seen."""
    visible = visible_clips(receiver)
    readable = readable_under_any(receiver)
    follows = Follow.objects.filter(follower=OuterRef("actor_id"), followee=receiver)
    is_said = Q(comment__in=readable, clip__in=visible) & (
        Q(comment__reply_to=None) | Q(comment__reply_to__in=readable)
    )
    is_caption = Q(kind__in=[Kind.MENTION, Kind.REMIX], comment=None, clip__in=visible)
    own = own_clips(receiver)
    return (
        Q(Q(kind=Kind.FOLLOW) & Exists(follows))
        | Q(Q(kind__in=SAID, comment__isnull=False) & is_said)
        | is_caption
        | Q(Q(kind=Kind.LIKE, clip__in=own) & Exists(_likes(receiver)))
        | Q(kind__in=STATES, clip__in=own, clip__state=F("kind"))
    )


def _likes(receiver: User) -> QuerySet[Like]:
    likes = Like.objects.filter(clip=OuterRef("clip_id"), user__is_active=True)
    return likes.exclude(user=receiver).exclude(unwelcome_to(receiver, "user_id"))


def _likers(rows: list[Notification], *, receiver: User) -> dict[UUID, Likers]:
    liked = [row.pk for row in rows if row.kind == Kind.LIKE]
    newest = _likes(receiver).order_by("-created_at").values("user_id")[:PEOPLE_NAMED]
    own = Like.objects.filter(clip=OuterRef("clip_id"), user=receiver)
    found = Notification.objects.filter(pk__in=liked).annotate(
        likers=ArraySubquery(newest), is_own=Exists(own)
    )
    return {row.pk: Likers(row.likers, row.is_own) for row in found}


def _news(
    row: Notification,
    *,
    likers: dict[UUID, Likers],
    people: dict[UUID, User],
    clips: dict[UUID, Clip],
) -> News:
    clip = clips.get(row.clip_id) if row.clip_id else None
    text = row.comment.text if row.comment else ""
    if row.kind != Kind.LIKE:
        actor = people.get(row.actor_id) if row.actor_id else None
        return News(row, [actor] if actor else [], clip=clip, text=text)
    some = likers.get(row.pk, Likers())
    named = [people[one] for one in some.ids if one in people]
    others = clip.like_count - len(named) - some.with_author if clip else 0
    return News(row, named, other_count=max(0, others), clip=clip)
