"""What is said under clips, as far as the viewer may read it."""

from uuid import UUID

from django.db.models import Count, Exists, OuterRef, Q, QuerySet, Subquery, Value
from django.db.models.functions import Coalesce

from accounts.models import Role, User
from accounts.permissions import Viewer, has_role
from clips.models import Clip
from clips.selectors import is_reviewer, visible_clips
from common.errors import NotFound
from social.models.comments import Comment
from social.models.people import Block
from social.selectors.hiding import hidden_from, unwelcome_to


def readable_comments(viewer: Viewer) -> QuerySet[Comment]:
    """Every comment and reply `viewer` may read, given that they may see its clip.

    Of replies, that to which they answer has to be asked for beside.
    """
    shown = Comment.objects.filter(removed_at=None, author__is_active=True)
    return shown.exclude(unwelcome_to(viewer, "author_id"))


def readable_under_any(viewer: Viewer) -> QuerySet[Comment]:
    """The same without what is gone for everybody, as what is said under one clip is shown."""
    return _standing(readable_comments(viewer), viewer=viewer)


def comments_on(clip: Clip, *, viewer: Viewer) -> QuerySet[Comment]:
    """What is said under the clip, each with `reply_count`; without the replies themselves."""
    replies = _under(clip, viewer=viewer).filter(reply_to=OuterRef("pk")).order_by()
    counts = replies.values("reply_to").annotate(number=Count("pk")).values("number")
    threads = _under(clip, viewer=viewer).filter(reply_to=None)
    return threads.annotate(reply_count=Coalesce(Subquery(counts), 0)).select_related("author")


def thread_for(viewer: Viewer, comment_id: UUID) -> Comment:
    """A comment that is no reply, with its `clip`, which `viewer` may see.  Raises NotFound."""
    found = (
        readable_comments(viewer)
        .filter(pk=comment_id, reply_to=None, clip__in=visible_clips(viewer))
        .select_related("clip__author", "author")
        .first()
    )
    if found is None or not _under(found.clip, viewer=viewer).filter(pk=found.pk).exists():
        raise NotFound("There is no such comment.")
    return found


def replies_to(thread: Comment, *, viewer: Viewer) -> QuerySet[Comment]:
    """What is answered to a comment that `viewer` may read."""
    replies = _under(thread.clip, viewer=viewer).filter(reply_to=thread)
    return replies.annotate(reply_count=Value(0)).select_related("author")


def answerable(viewer: User, comment_id: UUID, *, clip: Clip) -> Comment:
    """A comment or a reply under the clip that `viewer` may answer.  Raises NotFound."""
    found = _under(clip, viewer=viewer).filter(pk=comment_id).first()
    if found is None:
        raise NotFound("There is no such comment.")
    if found.reply_to_id is not None:
        thread_for(viewer, found.reply_to_id)
    return found


def removable_comment(actor: User, comment_id: UUID) -> Comment:
    """A comment that `actor` may see, or (a moderator) judge.  Raises NotFound."""
    comments = Comment.objects.filter(pk=comment_id, removed_at=None).select_related(
        "clip", "author"
    )
    if not has_role(actor, Role.MODERATOR):
        comments = comments.filter(clip__in=visible_clips(actor))
        comments = comments.exclude(hidden_from(actor, "author_id"))
    comment = comments.first()
    if comment is None:
        raise NotFound("There is no such comment.")
    return comment


def _standing(comments: QuerySet[Comment], *, viewer: Viewer) -> QuerySet[Comment]:
    if is_reviewer(viewer):
        return comments
    author, of_clip = OuterRef("author_id"), OuterRef("clip__author_id")
    blocks = Block.objects.filter(blocker=author, blocked=of_clip)
    is_blocked = Block.objects.filter(blocker=of_clip, blocked=author)
    return comments.exclude(Q(Exists(blocks)) | Q(Exists(is_blocked)))


def _under(clip: Clip, *, viewer: Viewer) -> QuerySet[Comment]:
    shown = readable_comments(viewer).filter(clip=clip)
    if is_reviewer(viewer):
        return shown
    # While a comment's author and the clip's have blocked each other, it is gone for everybody:
    # whose clip it is could neither read nor remove it.
    return shown.exclude(hidden_from(clip.author, "author_id"))
