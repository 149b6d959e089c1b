"""Clips, comments and likes that the viewer may deal with."""

from uuid import UUID

from django.db.models import QuerySet, Sum

from accounts.models import Role, User
from accounts.permissions import Viewer, has_role
from clips.models import Clip
from clips.selectors import visible_clips
from common.errors import NotFound
from social.models.comments import Comment
from social.models.counting import CountDelta


def shown_clip(viewer: Viewer, clip_id: UUID) -> Clip:
    """The published clip that `viewer` may like, watch and comment.  Raises NotFound."""
    clip = visible_clips(viewer).select_related("video").filter(pk=clip_id).first()
    if clip is None:
        raise NotFound("There is no such clip.")
    return clip


def comments_on(clip: Clip) -> QuerySet[Comment]:
    """What is said under the clip and not removed."""
    shown = Comment.objects.filter(clip=clip, removed_at=None, author__is_active=True)
    return shown.select_related("author")


def removable_comment(actor: User, comment_id: UUID) -> Comment:
    """A comment that `actor` may see, or (a moderator) judge.  Raises NotFound."""
    comments = Comment.objects.filter(pk=comment_id, removed_at=None).select_related(
        "clip", "author"
    )
    if not has_role(actor, Role.MODERATOR):
        comments = comments.filter(clip__in=visible_clips(actor))
    comment = comments.first()
    if comment is None:
        raise NotFound("There is no such comment.")
    return comment


def like_count_of(clip_id: UUID) -> int:
    """The clip's likes, those included that are still to be added to its counter."""
    counted = Clip.objects.values_list("like_count", flat=True).get(pk=clip_id)
    waiting = CountDelta.objects.filter(clip_id=clip_id).aggregate(likes=Sum("likes"))
    return max(0, counted + (waiting["likes"] or 0))
