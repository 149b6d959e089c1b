"""Following, liking, commenting and watching.

Counters are never touched here: each change leaves a CountDelta in the very statement that makes
it, and `add_waiting_counts` adds them up.  So a clip everybody likes at once locks nothing.
"""

from datetime import datetime
from uuid import UUID

from django.db import connection, transaction

from accounts.models import User
from accounts.permissions import Viewer
from accounts.selectors import person
from common.errors import Denied, Invalid
from social.models import Comment, CountDelta, Follow, View
from social.selectors import removable_comment, shown_clip

MAX_COMMENT_LENGTH = 500
MOST_LOOPS = 20
COMPLETED_SHARE = 0.9

LIKE = """
WITH changed AS (
    INSERT INTO social_like (user_id, clip_id) VALUES (%s, %s)
    ON CONFLICT DO NOTHING RETURNING clip_id
)
INSERT INTO social_countdelta (clip_id, likes, comments, views, completions)
SELECT clip_id, 1, 0, 0, 0 FROM changed
"""
UNLIKE = """
WITH changed AS (
    DELETE FROM social_like WHERE user_id = %s AND clip_id = %s RETURNING clip_id
)
INSERT INTO social_countdelta (clip_id, likes, comments, views, completions)
SELECT clip_id, -1, 0, 0, 0 FROM changed
"""


class UnableToFollow(Invalid):
    """Nobody follows themselves."""

    code = "unable_to_follow"


def follow(follower: User, handle: str) -> None:
    """See what this person posts; doing it again changes nothing.  Raises NotFound, Invalid."""
    followee = person(handle)
    if followee == follower:
        raise UnableToFollow("You see your own clips anyway.", field="handle")
    Follow.objects.bulk_create(
        [Follow(follower=follower, followee=followee)], ignore_conflicts=True
    )


def unfollow(follower: User, handle: str) -> None:
    """Follow this person no more.  Raises NotFound."""
    Follow.objects.filter(follower=follower, followee=person(handle)).delete()


def like(user: User, clip_id: UUID) -> bool:
    """Like the clip, and say whether that was new.  Raises NotFound."""
    return _change_like(LIKE, user, clip_id)


def unlike(user: User, clip_id: UUID) -> bool:
    """Take a like back, and say whether there was one.  Raises NotFound."""
    return _change_like(UNLIKE, user, clip_id)


def _change_like(statement: str, user: User, clip_id: UUID) -> bool:
    clip = shown_clip(user, clip_id)
    with connection.cursor() as cursor:
        cursor.execute(statement, [user.pk, clip.pk])
        return bool(cursor.rowcount)


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


def note_view(
    viewer: Viewer, clip_id: UUID, *, watched_seconds: float, completed: bool, now: datetime
) -> View:
    """Record that the clip was watched.  Raises NotFound.

    Nobody watches for longer than 20 times the clip's length, nor to the end in less than 90 %
    of it: what a page reports beyond that is cut to it.
    """
    clip = shown_clip(viewer, clip_id)
    length = clip.video.duration_seconds
    watched = min(max(watched_seconds, 0.0), MOST_LOOPS * length)
    is_complete = completed and watched >= COMPLETED_SHARE * length
    with transaction.atomic():
        view = View.objects.create(
            clip=clip,
            viewer=viewer if isinstance(viewer, User) else None,
            watched_seconds=watched,
            completed=is_complete,
            created_at=now,
        )
        CountDelta.objects.create(clip=clip, views=1, completions=int(is_complete))
    return view
