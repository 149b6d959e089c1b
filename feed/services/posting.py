"""What people put before others here: finished videos, and words under clips, judged first."""

from collections.abc import Iterable
from datetime import datetime
from uuid import UUID

from accounts.models import Role, User
from accounts.permissions import has_role
from accounts.services import require_good_standing
from clips.models import Clip, Privacy, Video
from clips.services import post_video
from common.errors import NotFound
from common.ids import parse_public_id
from moderation.services.comments import remove_as_moderator
from moderation.services.words import screen_comment
from social.models.comments import Comment
from social.selectors.comments import answerable, removable_comment
from social.selectors.shown import shown_clip
from social.services.commenting import (
    add_comment,
    checked_comment,
    is_theirs_to_remove,
    remove_comment,
)


def post_made_video(
    author: User,
    video_id: str,
    *,
    caption: str = "",
    hashtags: Iterable[str] = (),
    privacy: str = Privacy.PUBLIC,
    now: datetime,
) -> Clip:
    """Post a finished video, named by the id (`video_…`) it was made under.

    Raises NotFound, Denied, Invalid, UnableToPost.
    """
    # Programs know a video by its job, which lives in a wing that this one does not import.
    video = Video.objects.filter(owner=author, job=parse_public_id("video", video_id)).first()
    if video is None:
        raise NotFound("You have no such finished video.")
    return post_video(
        author, video.pk, caption=caption, hashtags=hashtags, privacy=privacy, now=now
    )


def post_comment(
    author: User, clip_id: UUID, *, text: str, reply_to: UUID | None = None, now: datetime
) -> Comment:
    """Say something under a clip, or answer what is said there.

    Raises NotFound, Invalid, and Refused for words we refuse.
    """
    text = checked_comment(text)
    clip = shown_clip(author, clip_id)
    if reply_to is not None:
        answerable(author, reply_to, clip=clip)
    require_good_standing(author, now=now)
    screen_comment(author=author, text=text, now=now)
    return add_comment(author, clip_id, text=text, reply_to=reply_to, now=now)


def take_comment_away(actor: User, comment_id: UUID, *, now: datetime) -> None:
    """Remove one's own comment, or one under a clip of one's own; moderators decide of any.

    Raises NotFound, Denied.
    """
    comment = removable_comment(actor, comment_id)
    if has_role(actor, Role.MODERATOR) and not is_theirs_to_remove(actor, comment):
        remove_as_moderator(actor, comment, now=now)
    else:
        remove_comment(actor, comment_id, now=now)
