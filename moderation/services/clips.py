"""What a reviewer decides of a clip."""

from datetime import datetime
from typing import Any
from uuid import UUID

from accounts.models import User
from clips.models import Clip
from clips.selectors import clip_for, is_reviewer
from clips.states import HELD, PUBLISHED, REJECTED, WITHDRAWN
from common.errors import Conflict, Denied, Invalid
from moderation import screening
from moderation.enforcement.rulings import Content, Ruling, carry_out
from moderation.models.judging import Subject
from moderation.policy.rules import Outcome
from moderation.selectors.judging import fingerprint

MAX_REASON_LENGTH = 2000
OPEN_TO = {
    Outcome.ALLOW: frozenset({HELD, REJECTED, WITHDRAWN}),
    Outcome.REVIEW: frozenset({PUBLISHED}),
    Outcome.BLOCK: frozenset({HELD, PUBLISHED}),
}


class UnableToDecide(Conflict):
    """This reviewer can not decide this now: the clip is theirs, changed, or past deciding."""

    code = "invalid_state"


def decide_clip(
    reviewer: User,
    clip_id: UUID,
    *,
    verdict: Outcome,
    reason: str = "",
    seen: str | None = None,
    now: datetime,
) -> Clip:
    """Do what a reviewer decides of a clip; its author reads `reason`.

    ALLOW publishes a held, rejected or withdrawn clip; REVIEW takes a published one down until it
    is judged again; BLOCK rejects a held or withdraws a published one.  `seen` is the
    `fingerprint` of what the reviewer looked at.  Raises Denied, NotFound, Invalid (a reason is
    needed except to allow) and UnableToDecide, for one's own clip too.
    """
    if not is_reviewer(reviewer):
        raise Denied("Only moderators and admins decide about clips.")
    reason = checked_reason(reason, is_needed=verdict is not Outcome.ALLOW)
    clip = clip_for(reviewer, clip_id)
    if verdict is Outcome.ALLOW and clip.author_id == reviewer.pk:
        raise UnableToDecide("Somebody else has to judge a clip of yours.")
    if clip.state not in OPEN_TO[verdict]:
        raise UnableToDecide(f"A clip that is {clip.state} can not be decided on like this.")
    if seen is not None and seen != fingerprint(clip):
        raise UnableToDecide("The clip was changed since you looked at it; look again.")
    ruling = Ruling(
        content=Content(Subject.CLIP, clip.pk, clip.digest, clip.author),
        outcome=verdict,
        reason=reason,
        policy_version=screening.policy_version(),
        rules=("reviewer",),
        decided_by=reviewer,
    )
    carry_out(ruling, clip=clip, only_if=_as_seen(clip), now=now)
    return clip


def checked_reason(reason: str, *, is_needed: bool) -> str:
    """`reason` without surrounding space.  Raises Invalid: it is missing, or too long."""
    reason = reason.strip()
    if is_needed and not reason:
        raise Invalid("Say why: the author will read it.", field="reason")
    if len(reason) > MAX_REASON_LENGTH:
        raise Invalid(f"A reason has at most {MAX_REASON_LENGTH} characters.", field="reason")
    return reason


def _as_seen(clip: Clip) -> dict[str, Any]:
    return {
        "state": clip.state,
        "digest": clip.digest,
        "caption": clip.caption,
        "hashtags": clip.hashtags,
    }
