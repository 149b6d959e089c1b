"""The one place where notifications are made.

Each has a key, so that nobody is told twice, whatever runs twice.  Whether its receiver may see
it, and wants to, is asked when it is shown: `social.selectors.notifications`.  Likes are told by
`social.counting`, many at once.
"""

from collections.abc import Iterable
from datetime import datetime, timedelta
from uuid import UUID

from accounts.models import User
from clips.models import Clip, ClipEvent
from clips.states import HELD, PUBLISHED, REJECTED, WITHDRAWN
from social.mentions import handles_in
from social.models.comments import Comment
from social.models.notifications import Kind, Notification

KEPT = timedelta(days=90)
TOLD_STATES = frozenset({PUBLISHED, HELD, REJECTED, WITHDRAWN})


def tell_of_follow(follower: User, followee: User, *, now: datetime) -> None:
    """Say who follows, the first time they do."""
    news = Notification(kind=Kind.FOLLOW, key=f"follow:{follower.pk}", actor=follower, at=now)
    _tell([followee.pk], news)


def tell_of_comment(comment: Comment, *, answered: Comment | None, now: datetime) -> None:
    """Say what was said: to whom it answers, whose clip it is under, and whom it names.

    Who is several of these is told once, as the first of them.
    """
    told: dict[UUID, Kind] = {}
    if answered is not None:
        told[answered.author_id] = Kind.REPLY
    told.setdefault(comment.clip.author_id, Kind.COMMENT)
    for person in _named_in(comment.text):
        told.setdefault(person, Kind.MENTION)
    told.pop(comment.author_id, None)
    for receiver, kind in told.items():
        news = Notification(
            kind=kind,
            key=f"comment:{comment.pk}",
            actor_id=comment.author_id,
            clip_id=comment.clip_id,
            comment=comment,
            at=now,
        )
        _tell([receiver], news)


def tell_of_clip(clip_id: UUID, *, now: datetime) -> None:
    """Say what became of a clip: to its author, and, once it is published, to whom it names."""
    clip = Clip.objects.select_related("video").filter(pk=clip_id).first()
    if clip is None or clip.state not in TOLD_STATES:
        return
    move = ClipEvent.objects.filter(clip=clip, to_state=clip.state).order_by("-id").first()
    if move is None or move.actor_id == clip.author_id:
        return
    key = f"clip:{clip.pk}:{move.pk}"
    _tell([clip.author_id], Notification(kind=Kind(clip.state), key=key, clip=clip, at=now))
    if clip.state == PUBLISHED:
        tell_of_mentions(clip, now=now)
        original = Clip.objects.filter(video=clip.video.parent_id).first()
        if original is not None:
            tell_of_remix(clip, original=original, now=now)


def tell_of_mentions(clip: Clip, *, now: datetime) -> None:
    """Say that a caption names somebody."""
    named = [person for person in _named_in(clip.caption) if person != clip.author_id]
    key = f"mention:{clip.pk}"
    news = Notification(kind=Kind.MENTION, key=key, actor_id=clip.author_id, clip=clip, at=now)
    _tell(named, news)


def tell_of_remix(clip: Clip, *, original: Clip, now: datetime) -> None:
    """Say to whoever made `original` that `clip` was made from it."""
    if original.author_id == clip.author_id:
        return
    key = f"remix:{clip.pk}"
    news = Notification(kind=Kind.REMIX, key=key, actor_id=clip.author_id, clip=clip, at=now)
    _tell([original.author_id], news)


def forget_notifications(*, now: datetime) -> int:
    """Delete what was told 90 days ago, and say how many."""
    return Notification.objects.filter(at__lt=now - KEPT).delete()[0]


def _named_in(text: str) -> Iterable[UUID]:
    handles = handles_in(text)
    if not handles:
        return []
    return User.objects.filter(handle__in=handles, is_active=True).values_list("pk", flat=True)


def _tell(receivers: Iterable[UUID], news: Notification) -> None:
    rows = [
        Notification(
            receiver_id=receiver,
            kind=news.kind,
            key=news.key,
            actor_id=news.actor_id,
            clip_id=news.clip_id,
            comment_id=news.comment_id,
            at=news.at,
        )
        for receiver in receivers
    ]
    Notification.objects.bulk_create(rows, ignore_conflicts=True)
