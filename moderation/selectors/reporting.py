"""Finding what somebody reports, and whether it was judged before."""

import re
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from accounts.models import User
from accounts.selectors import person
from clips.models import Clip
from clips.states import DELETED, PUBLISHED
from common.errors import NotFound
from moderation.models.judging import Decision, Subject, Verdict
from moderation.models.notices import Notice, NoticeKind, NoticeOutcome
from moderation.policy.reporting import HOLD_WITHIN
from social.models.comments import Comment

_UUID = r"([0-9a-f]{8}-(?:[0-9a-f]{4}-){3}[0-9a-f]{12})"
_CLIP = re.compile(rf"(?:^|/clips/){_UUID}(?:$|[/?#])", re.IGNORECASE)
_COMMENT = re.compile(rf"#comment-{_UUID}$", re.IGNORECASE)
_PROFILE = re.compile(r"(?:^|/)@([a-z0-9_]{2,30})(?:$|[/?#])", re.IGNORECASE)
NOT_FOUND = "There is nothing shown here under that address or id."


@dataclass(frozen=True)
class Reported:
    """What a report is about; `clip` is set for a clip, `digest` names the file."""

    subject: Subject
    subject_id: UUID
    about: User
    address: str
    digest: str = ""
    clip: Clip | None = None
    reach: int = 0


def reported(content: str, *, is_takedown: bool = False) -> Reported:
    """What `content` names: the address or the id of a clip, a comment or a profile.

    A takedown request reaches clips that are not shown just now, too.  Raises NotFound.
    """
    content = content.strip()
    if found := _COMMENT.search(content):
        return reported_comment(UUID(found[1]))
    if found := _CLIP.search(content):
        return reported_clip(UUID(found[1]), is_takedown=is_takedown)
    if found := _PROFILE.search(content):
        user = person(found[1])
        return Reported(Subject.ACCOUNT, user.pk, user, f"/@{user.handle}")
    raise NotFound(NOT_FOUND)


def reported_clip(clip_id: UUID, *, is_takedown: bool = False) -> Reported:
    """A published clip; for a takedown, any that is not deleted.  Raises NotFound."""
    clips = Clip.objects.select_related("author", "video").filter(pk=clip_id)
    clips = clips.exclude(state=DELETED) if is_takedown else clips.filter(state=PUBLISHED)
    clip = clips.first()
    if clip is None:
        raise NotFound(NOT_FOUND)
    return Reported(
        Subject.CLIP,
        clip.pk,
        clip.author,
        f"/clips/{clip.pk}",
        digest=clip.digest,
        clip=clip,
        reach=clip.view_count,
    )


def reported_comment(comment_id: UUID) -> Reported:
    """A comment that others can read.  Raises NotFound."""
    comments = Comment.objects.select_related("author", "clip")
    comment = comments.filter(pk=comment_id, removed_at=None, clip__state=PUBLISHED).first()
    if comment is None:
        raise NotFound(NOT_FOUND)
    address = f"/clips/{comment.clip_id}#comment-{comment.pk}"
    return Reported(
        Subject.COMMENT, comment.pk, comment.author, address, reach=comment.clip.view_count
    )


def recent_weights(subject: str, subject_id: UUID, *, now: datetime) -> list[float]:
    """How much each of those who lately reported it is believed, once each, the newest last."""
    rows = Notice.objects.filter(
        subject=subject, subject_id=subject_id, received_at__gte=now - HOLD_WITHIN
    )
    latest: dict[object, float] = {}
    for row in rows.order_by("received_at", "pk"):
        who = row.reporter_id or row.email or row.pk
        latest.pop(who, None)
        latest[who] = row.weight
    return list(latest.values())


def was_cleared(found: Reported, *, is_takedown: bool) -> bool:
    """Whether a person let this very file stand before; for a takedown, at an earlier request."""
    if is_takedown:
        rows = Notice.objects.filter(
            kind=NoticeKind.TAKEDOWN, subject_id=found.subject_id, digest=found.digest
        )
        return rows.exclude(outcome__in=["", NoticeOutcome.ACTED, NoticeOutcome.GONE]).exists()
    decisions = Decision.objects.filter(
        subject=found.subject, subject_id=found.subject_id, digest=found.digest
    )
    by_people = decisions.filter(decided_by__isnull=False)
    return by_people.filter(verdict__in=[Verdict.ALLOW, Verdict.LIMIT]).exists()
