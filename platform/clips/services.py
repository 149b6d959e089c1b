"""Writes of clips: posting, judging, withdrawing.  `publish_clip` is the one gate."""

import re
from collections.abc import Iterable, Sequence
from datetime import datetime, timedelta
from functools import partial
from typing import Any
from uuid import UUID

from django.db import IntegrityError, transaction
from django.db.models import F

from accounts.models import Role, User
from accounts.services import require_good_standing
from clips.models import Clip, Privacy, Rendition, Video
from clips.selectors import clip_for, video_for
from clips.signals import clip_published, clip_submitted, clip_withdrawn
from clips.states import (
    CLIP_STATES,
    DELETED,
    HELD,
    PUBLISHED,
    REJECTED,
    SCREENING,
    SUBMITTED,
    WITHDRAWN,
)
from common.errors import Conflict, Denied, Invalid
from common.objects import store
from common.states import UnableToMove
from common.transitions import move
from video.production import ProducedFile

MAX_CAPTION_LENGTH = 500
MAX_HASHTAGS = 20
HASHTAG = re.compile(r"\w{1,60}")


class UnableToPost(Conflict):
    """The video is posted already."""

    code = "already_posted"


def checked_caption(caption: str) -> str:
    """`caption` without surrounding space.  Raises Invalid when it is too long."""
    caption = caption.strip()
    if len(caption) > MAX_CAPTION_LENGTH:
        raise Invalid(f"A caption has at most {MAX_CAPTION_LENGTH} characters.", field="caption")
    return caption


def checked_hashtags(hashtags: Iterable[str]) -> list[str]:
    """The hashtags in lower case, without `#`, once each.  Raises Invalid for a bad one."""
    tags = list(dict.fromkeys(tag.strip().lstrip("#").lower() for tag in hashtags))
    if len(tags) > MAX_HASHTAGS:
        raise Invalid(f"A clip has at most {MAX_HASHTAGS} hashtags.", field="hashtags")
    for tag in tags:
        if not HASHTAG.fullmatch(tag):
            raise Invalid("A hashtag is 1 to 60 letters, digits or underscores.", field="hashtags")
    return tags


def stored_rendition(file: ProducedFile) -> Rendition:
    """Put a finished file into the store, and give the unsaved row that names it."""
    stored = store().put_file(file.path, content_type=file.content_type)
    return Rendition(
        kind=file.kind,
        name=file.name,
        digest=stored.key,
        size_bytes=stored.size_bytes,
        content_type=stored.content_type,
    )


def store_video(renditions: Sequence[Rendition], **columns: Any) -> Video:
    """Record a rendered video and its files; the caller owns the transaction.

    `columns` are the columns of Video; `renditions` are unsaved rows without their video.
    """
    video = Video.objects.create(**columns)
    for rendition in renditions:
        rendition.video = video
    Rendition.objects.bulk_create(renditions)
    return video


def erase_video(video: Video, *, actor: User, now: datetime) -> None:
    """Take a video's clip off every page and its files out of the store, for good."""
    clip = Clip.objects.filter(video=video).exclude(state=DELETED).first()
    with transaction.atomic():
        if clip is not None:
            _take_down(clip, to=DELETED, now=now, actor=actor)
        digests = list(video.renditions.values_list("digest", flat=True))
        video.renditions.all().delete()
        transaction.on_commit(partial(_forget_files, digests))


def _forget_files(digests: Sequence[str]) -> None:
    kept = set(Rendition.objects.filter(digest__in=digests).values_list("digest", flat=True))
    for digest in set(digests) - kept:
        store().delete(digest)


def submit_rendered(
    video: Video, *, caption: str, hashtags: Iterable[str], privacy: str, now: datetime
) -> Clip:
    """Put `video` on the road to publication: a clip is born submitted, and judged later.

    Raises Invalid for a bad caption, hashtag or privacy, UnableToPost for a second posting.
    """
    _checked_privacy(privacy)
    caption, tags = checked_caption(caption), checked_hashtags(hashtags)
    try:
        with transaction.atomic():
            clip = Clip.objects.create(
                video=video,
                author_id=video.owner_id,
                caption=caption,
                hashtags=tags,
                privacy=privacy,
                digest=video.digest,
            )
            clip.events.create(from_state="", to_state=SUBMITTED, actor=video.owner, at=now)
    except IntegrityError as error:
        raise UnableToPost("This video is posted already.") from error
    transaction.on_commit(partial(clip_submitted.send, sender=Clip, clip_id=clip.pk))
    return clip


def post_video(
    author: User,
    video_id: UUID,
    *,
    caption: str = "",
    hashtags: Iterable[str] = (),
    privacy: str = Privacy.PUBLIC,
    now: datetime,
) -> Clip:
    """Post one of the author's own videos.  Raises NotFound, Denied, Invalid, UnableToPost."""
    if author.role == Role.VIEWER:
        raise Denied("Your account can watch; ask an admin to let you create.")
    require_good_standing(author, now=now)
    video = video_for(author, video_id)
    return submit_rendered(video, caption=caption, hashtags=hashtags, privacy=privacy, now=now)


def edit_clip(
    author: User,
    clip_id: UUID,
    *,
    caption: str | None = None,
    hashtags: Iterable[str] | None = None,
    privacy: str | None = None,
    allows_remixes: bool | None = None,
    now: datetime,
) -> Clip:
    """Change what the author says of a clip.  Raises NotFound, Denied, Invalid.

    New words on a clip that is shown, or just being judged, send it back to be judged: what
    nobody has judged is not shown.  Raises UnableToMove when it was moved in the meantime.
    """
    clip = _own_clip(author, clip_id)
    changes: dict[str, Any] = {}
    if caption is not None:
        changes["caption"] = checked_caption(caption)
    if hashtags is not None:
        changes["hashtags"] = checked_hashtags(hashtags)
    has_new_words = any(getattr(clip, name) != value for name, value in changes.items())
    if has_new_words:
        require_good_standing(author, now=now)
    if privacy is not None:
        changes["privacy"] = _checked_privacy(privacy)
    if allows_remixes is not None:
        changes["allows_remixes"] = allows_remixes
    if has_new_words and clip.state in {PUBLISHED, SCREENING}:
        _resubmit(clip, actor=author, now=now, **changes)
    elif changes and not Clip.objects.filter(pk=clip.pk, state=clip.state).update(**changes):
        raise UnableToMove("This clip is just being judged; try again in a moment.")
    clip.refresh_from_db()
    return clip


def _checked_privacy(privacy: str) -> str:
    if privacy not in Privacy.values:
        raise Invalid(f"Privacy is one of {', '.join(Privacy.values)}.", field="privacy")
    return privacy


def _resubmit(clip: Clip, *, actor: User, now: datetime, **changes: Any) -> None:
    with transaction.atomic():
        move(
            clip,
            states=CLIP_STATES,
            to=SUBMITTED,
            now=now,
            actor=actor,
            note="new words",
            only_if={"state": clip.state},
            allowed_digest="",
            attempts=0,
            lease_token=None,
            lease_until=None,
            **changes,
        )
        transaction.on_commit(partial(clip_withdrawn.send, sender=Clip, clip_id=clip.pk))
        transaction.on_commit(partial(clip_submitted.send, sender=Clip, clip_id=clip.pk))


def delete_clip(author: User, clip_id: UUID, *, now: datetime) -> None:
    """Take one's own clip away for good.  Raises NotFound, Denied."""
    clip = _own_clip(author, clip_id)
    _take_down(clip, to=DELETED, now=now, actor=author)


def _own_clip(author: User, clip_id: UUID) -> Clip:
    clip = clip_for(author, clip_id)
    if clip.author_id != author.pk:
        raise Denied("Only its author may change a clip.")
    return clip


def claim_for_screening(
    clip_id: UUID, *, token: UUID, lease_seconds: float, now: datetime
) -> Clip | None:
    """Take a submitted clip to judge it, for `lease_seconds`; None when another has it."""
    clip = Clip.objects.select_related("video", "author").filter(pk=clip_id).first()
    if clip is None:
        return None
    try:
        move(
            clip,
            states=CLIP_STATES,
            to=SCREENING,
            now=now,
            only_if={"state": SUBMITTED},
            lease_token=token,
            lease_until=now + timedelta(seconds=lease_seconds),
            attempts=F("attempts") + 1,
        )
    except UnableToMove:
        return None
    # Words may have changed between the look and the claim; from the claim on, new words end it.
    clip.refresh_from_db(fields=["caption", "hashtags"])
    return clip


def extend_screening(clip_id: UUID, *, token: UUID, lease_seconds: float, now: datetime) -> bool:
    """Keep a claimed clip for `lease_seconds` from now; False when the claim is lost."""
    held = Clip.objects.filter(pk=clip_id, state=SCREENING, lease_token=token)
    return bool(held.update(lease_until=now + timedelta(seconds=lease_seconds)))


def release_screening(clip: Clip, *, token: UUID, note: str, now: datetime) -> None:
    """Put a claimed clip back in line at once.  Raises UnableToMove when the claim is lost."""
    _put_back_in_line(clip, note=note, only_if={"lease_token": token}, now=now)


def release_expired_screenings(*, now: datetime) -> list[UUID]:
    """Put the clips whose judge is gone back in line, and say which."""
    lost = Clip.objects.filter(state=SCREENING, lease_until__lt=now)
    return [clip.pk for clip in lost if _released(clip, now=now)]


def _released(clip: Clip, *, now: datetime) -> bool:
    only_if = {"lease_token": clip.lease_token, "lease_until__lt": now}
    try:
        _put_back_in_line(clip, note="lease expired", only_if=only_if, now=now)
    except UnableToMove:
        return False
    return True


def _put_back_in_line(clip: Clip, *, note: str, only_if: dict[str, Any], now: datetime) -> None:
    move(
        clip,
        states=CLIP_STATES,
        to=SUBMITTED,
        now=now,
        note=note,
        only_if={"state": SCREENING, **only_if},
        lease_token=None,
        lease_until=None,
    )


def publish_clip(
    clip: Clip,
    *,
    allowed_digest: str,
    limits: Iterable[str] = (),
    reason: str = "",
    now: datetime,
    note: str = "",
    actor: User | None = None,
    only_if: dict[str, Any] | None = None,
) -> None:
    """Show the clip, as far as its `limits` let it be shown: the one gate, for moderation only.

    `allowed_digest` is the SHA-256 of the file the decision was made on; it must be the clip's.
    `reason` is why it is limited; a clip that is shown already gets new limits.
    Raises UnableToMove when the clip is not to be published any more.
    """
    with transaction.atomic():
        move(
            clip,
            states=CLIP_STATES,
            to=PUBLISHED,
            now=now,
            note=note,
            actor=actor,
            only_if={**(only_if or {}), "digest": allowed_digest},
            allowed_digest=allowed_digest,
            limits=sorted(limits),
            published_at=clip.published_at or now,
            reason=reason,
            lease_token=None,
            lease_until=None,
        )
        transaction.on_commit(partial(clip_published.send, sender=Clip, clip_id=clip.pk))


def keep_from_minors(clip: Clip, *, is_kept: bool) -> None:
    """Show the clip to minors or not, when it is shown; the caller owns the transaction."""
    if clip.is_kept_from_minors != is_kept:
        Clip.objects.filter(pk=clip.pk).update(is_kept_from_minors=is_kept)
        clip.is_kept_from_minors = is_kept


def hold_clip(
    clip: Clip,
    *,
    reason: str,
    now: datetime,
    actor: User | None = None,
    only_if: dict[str, Any] | None = None,
) -> None:
    """Keep the clip from view until a person has judged it.  Raises UnableToMove."""
    _take_down(clip, to=HELD, reason=reason, now=now, actor=actor, only_if=only_if)


def resubmit_held_clip(clip: Clip, *, note: str, now: datetime) -> None:
    """Put a held clip back in line to be judged as if for the first time.  Raises UnableToMove.

    For what was held because the checks did not work, and moderation only.
    """
    with transaction.atomic():
        move(
            clip,
            states=CLIP_STATES,
            to=SUBMITTED,
            now=now,
            note=note,
            only_if={"state": HELD, "digest": clip.digest},
            allowed_digest="",
            reason="",
            attempts=0,
            lease_token=None,
            lease_until=None,
        )
        transaction.on_commit(partial(clip_submitted.send, sender=Clip, clip_id=clip.pk))


def reject_clip(
    clip: Clip,
    *,
    reason: str,
    now: datetime,
    actor: User | None = None,
    only_if: dict[str, Any] | None = None,
) -> None:
    """Refuse the clip before it was shown; its author reads `reason`.  Raises UnableToMove."""
    _take_down(clip, to=REJECTED, reason=reason, now=now, actor=actor, only_if=only_if)


def withdraw_clip(
    clip: Clip,
    *,
    reason: str,
    now: datetime,
    actor: User | None = None,
    only_if: dict[str, Any] | None = None,
) -> None:
    """Take a published clip down; its author reads `reason`.  Raises UnableToMove."""
    _take_down(clip, to=WITHDRAWN, reason=reason, now=now, actor=actor, only_if=only_if)


def _take_down(
    clip: Clip,
    *,
    to: str,
    now: datetime,
    reason: str = "",
    actor: User | None = None,
    only_if: dict[str, Any] | None = None,
) -> None:
    with transaction.atomic():
        move(
            clip,
            states=CLIP_STATES,
            to=to,
            now=now,
            note=reason,
            actor=actor,
            only_if=only_if,
            allowed_digest="",
            reason=reason,
            lease_token=None,
            lease_until=None,
        )
        transaction.on_commit(partial(clip_withdrawn.send, sender=Clip, clip_id=clip.pk))


def add_counts(clip_id: UUID, *, likes: int, comments: int, views: int) -> None:
    """Add what happened to the clip's counters; the caller owns the transaction."""
    Clip.objects.filter(pk=clip_id).update(
        like_count=F("like_count") + likes,
        comment_count=F("comment_count") + comments,
        view_count=F("view_count") + views,
    )
