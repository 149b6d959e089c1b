"""Saying something under a clip, and taking it away."""

from datetime import datetime
from uuid import UUID

from django.db import transaction

from accounts.models import User
from common.errors import Denied, Invalid, NotFound
from social.distribution.telling import tell_of_comment
from social.models.comments import Comment
from social.models.counting import CountDelta
from social.selectors.comments import answerable, removable_comment
from social.selectors.shown import shown_clip
from social.signals import clip_commented, tell

MAX_COMMENT_LENGTH = 500


def add_comment(
    author: User, clip_id: UUID, *, text: str, reply_to: UUID | None = None, now: datetime
) -> Comment:
    """Say something under a clip; the caller had the words judged.  Raises NotFound, Invalid.

    An answer to a reply joins the thread it is in.
    """
    text = checked_comment(text)
    clip = shown_clip(author, clip_id)
    answered = answerable(author, reply_to, clip=clip) if reply_to is not None else None
    with transaction.atomic():
        comment = Comment.objects.create(
            clip=clip, author=author, reply_to=_thread_of(answered), text=text, created_at=now
        )
        CountDelta.objects.create(clip=clip, comments=1)
        tell_of_comment(comment, answered=answered, now=now)
        tell(clip_commented, user_id=author.pk, clip_id=clip.pk, comment_id=comment.pk)
    return comment


def _thread_of(answered: Comment | None) -> Comment | None:
    """The comment a reply hangs on, locked, so that its removal counts all its replies."""
    if answered is None:
        return None
    standing = Comment.objects.select_for_update(no_key=True, of=("self",)).filter(removed_at=None)
    thread = standing.filter(pk=answered.reply_to_id or answered.pk).first()
    if thread is None:
        raise NotFound("There is no such comment.")
    return thread


def checked_comment(text: str) -> str:
    """`text` without surrounding space.  Raises Invalid when it is empty or too long."""
    text = text.strip()
    if not 1 <= len(text) <= MAX_COMMENT_LENGTH:
        raise Invalid(f"A comment has 1 to {MAX_COMMENT_LENGTH} characters.", field="text")
    if "\0" in text:
        raise Invalid("Null characters are not allowed.", field="text")
    return text


def remove_comment(actor: User, comment_id: UUID, *, now: datetime) -> None:
    """Take a comment away: its author may, and the clip's author.  Raises NotFound, Denied."""
    comment = removable_comment(actor, comment_id)
    if not is_theirs_to_remove(actor, comment):
        raise Denied("Only who wrote a comment, or whose clip it is under, may remove it.")
    hide_comment(comment, now=now)


def is_theirs_to_remove(actor: User, comment: Comment) -> bool:
    """Whether it is the actor's own, or under a clip of theirs: for moderators it is a decision."""
    return actor.pk in {comment.author_id, comment.clip.author_id}


@transaction.atomic
def hide_comment(comment: Comment, *, now: datetime) -> None:
    """Show the comment, and what was answered to it, no more; again changes nothing.

    Who may is the caller's to check.
    """
    weight = _shown_with(comment)
    unremoved = Comment.objects.filter(pk=comment.pk, removed_at=None)
    if unremoved.update(removed_at=now):
        CountDelta.objects.create(clip_id=comment.clip_id, comments=-weight)


@transaction.atomic
def show_comment_again(comment: Comment) -> None:
    """Take a removal back; again changes nothing.  For moderation only."""
    weight = _shown_with(comment)
    removed = Comment.objects.filter(pk=comment.pk, removed_at__isnull=False)
    if removed.update(removed_at=None):
        CountDelta.objects.create(clip_id=comment.clip_id, comments=weight)


def _shown_with(comment: Comment) -> int:
    """How many comments come and go with this one: itself and its replies.

    None where it hangs on one that is removed.
    """
    threads = Comment.objects.select_for_update(no_key=True)
    thread = threads.get(pk=comment.reply_to_id or comment.pk)
    if comment.reply_to_id is not None:
        return int(thread.removed_at is None)
    return 1 + Comment.objects.filter(reply_to=comment, removed_at=None).count()
