"""Saying something under a clip, and taking it away."""

from datetime import datetime
from uuid import UUID

from django.db import transaction

from accounts.models import User
from common.errors import Denied, Invalid
from social.models.comments import Comment
from social.models.counting import CountDelta
from social.selectors.shown import removable_comment, shown_clip

MAX_COMMENT_LENGTH = 500


def add_comment(author: User, clip_id: UUID, *, text: str, now: datetime) -> Comment:
    """Say something under a clip; the caller had the words judged.  Raises NotFound, Invalid."""
    text = checked_comment(text)
    clip = shown_clip(author, clip_id)
    with transaction.atomic():
        comment = Comment.objects.create(clip=clip, author=author, text=text, created_at=now)
        CountDelta.objects.create(clip=clip, comments=1)
    return comment


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
    """Show the comment no more; again changes nothing.  Who may is the caller's to check."""
    unremoved = Comment.objects.filter(pk=comment.pk, removed_at=None)
    if unremoved.update(removed_at=now):
        CountDelta.objects.create(clip_id=comment.clip_id, comments=-1)


@transaction.atomic
def show_comment_again(comment: Comment) -> None:
    """Take a removal back; again changes nothing.  For moderation only."""
    removed = Comment.objects.filter(pk=comment.pk, removed_at__isnull=False)
    if removed.update(removed_at=None):
        CountDelta.objects.create(clip_id=comment.clip_id, comments=1)
