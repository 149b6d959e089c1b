"""What others ask of moderation: may these words be used, and what becomes of this clip."""

import hashlib
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from django.db import transaction

from accounts.models import User
from clips.models import Clip
from clips.selectors import clip_for, is_reviewer
from clips.services import hold_clip, publish_clip, reject_clip, withdraw_clip
from clips.states import HELD, PUBLISHED, REJECTED, WITHDRAWN
from common.errors import Conflict, Denied, Invalid, Refused
from common.ids import new_id
from moderation import screening
from moderation.models import Subject
from moderation.policy.rules import Fixture, Outcome, Verdict
from moderation.policy.wording import message
from moderation.screening import Content, text_digest

MAX_REASON_LENGTH = 2000
OPEN_TO = {
    Outcome.ALLOW: frozenset({HELD, REJECTED, WITHDRAWN}),
    Outcome.REVIEW: frozenset({PUBLISHED}),
    Outcome.BLOCK: frozenset({HELD, PUBLISHED}),
}


class PromptRefused(Refused):
    """Policy forbids the prompt; the message tells the person why and what to do."""

    code = "moderation_blocked"


class TextRefused(Refused):
    """Policy forbids a comment, a caption or a profile text."""

    code = "moderation_blocked"


class UnableToDecide(Conflict):
    """This reviewer can not decide this now: the clip is theirs, changed, or past deciding."""

    code = "invalid_state"


@dataclass(frozen=True)
class PromptVerdict:
    """The prompt may be rendered; when `is_to_be_reviewed`, the clip will be held for a person."""

    decision: Outcome
    rules: tuple[str, ...]
    message: str

    @property
    def is_to_be_reviewed(self) -> bool:
        """Whether a person will look at what becomes of the prompt."""
        return self.decision is not Outcome.ALLOW


def screen_prompt(
    *,
    owner: User,
    prompt: str,
    negative_prompt: str = "",
    now: datetime,  # noqa: ARG001
) -> PromptVerdict:
    """Judge a prompt at the door and put the decision on record.  Raises PromptRefused.

    A refusal must not undo the decision: call it outside any transaction that a refusal rolls
    back.  A negative prompt names what *not* to show, often just what policy forbids: it is part
    of the digest, but not judged; the frames are.
    """
    seen = (prompt, negative_prompt)
    outcome = _screened(owner, {"prompt": prompt}, Subject.PROMPT, stage="prompt", seen=seen)
    text = message(outcome, stage="prompt")
    if outcome.decision is Outcome.BLOCK:
        raise PromptRefused(text, field="prompt")
    return PromptVerdict(outcome.decision, outcome.rules, text)


def screen_comment(*, author: User, text: str, now: datetime) -> None:  # noqa: ARG001
    """Judge a comment.  Raises TextRefused unless it is allowed: comments have no desk."""
    _screen_words(author, text, Subject.COMMENT, stage="comment", field="text")


def screen_profile(*, owner: User, text: str, now: datetime) -> None:  # noqa: ARG001
    """Judge what somebody says of themselves.  Raises TextRefused unless it is allowed."""
    _screen_words(owner, text, Subject.ACCOUNT, stage="profile", field="bio")


def screen_caption(*, author: User, text: str, now: datetime) -> None:  # noqa: ARG001
    """Judge a caption before it is posted.  Raises TextRefused when it is never allowed.

    In doubt it passes here, and the clip will be held for a person.
    """
    outcome = _screened(author, {"caption": text}, Subject.CLIP, stage="prompt", seen=(text,))
    if outcome.decision is Outcome.BLOCK:
        raise TextRefused(_text_message(outcome), field="caption")


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
    reason = _checked_reason(reason, is_needed=verdict is not Outcome.ALLOW)
    clip = clip_for(reviewer, clip_id)
    if verdict is Outcome.ALLOW and clip.author_id == reviewer.pk:
        raise UnableToDecide("Somebody else has to judge a clip of yours.")
    if clip.state not in OPEN_TO[verdict]:
        raise UnableToDecide(f"A clip that is {clip.state} can not be decided on like this.")
    if seen is not None and seen != fingerprint(clip):
        raise UnableToDecide("The clip was changed since you looked at it; look again.")
    with transaction.atomic():
        content = Content(Subject.CLIP, clip.pk, clip.digest, clip.author)
        outcome = Verdict(verdict, ("reviewer",), reason)
        screening.record(content, outcome, reason=reason, decided_by=reviewer)
        _carry_out(clip, verdict, reason=reason, reviewer=reviewer, now=now)
    return clip


def fingerprint(clip: Clip) -> str:
    """The SHA-256 of all a reviewer judges: the file, the caption and the hashtags."""
    seen = "\0".join([clip.digest, clip.caption, *clip.hashtags])
    return hashlib.sha256(seen.encode()).hexdigest()


def policy_failures() -> list[tuple[Fixture, Outcome]]:
    """The policy's own tests that fail, each with what it said instead."""
    return screening.fixture_failures()


def policy_version() -> str:
    """The version of the policy in force.  Raises UnableToLoadPolicy."""
    return screening.policy().version


def _screened(
    about: User, texts: dict[str, str], subject: Subject, *, stage: str, seen: tuple[str, ...]
) -> Verdict:
    content = Content(subject, new_id(), text_digest(*seen), about)
    return screening.judge_text(content, texts=texts, stage=stage)


def _screen_words(about: User, text: str, subject: Subject, *, stage: str, field: str) -> None:
    outcome = _screened(about, {field: text}, subject, stage=stage, seen=(text,))
    if outcome.decision is not Outcome.ALLOW:
        raise TextRefused(_text_message(outcome), field=field)


def _text_message(outcome: Verdict) -> str:
    return message(outcome, stage="text")


def _checked_reason(reason: str, *, is_needed: bool) -> str:
    reason = reason.strip()
    if is_needed and not reason:
        raise Invalid("Say why: the author will read it.", field="reason")
    if len(reason) > MAX_REASON_LENGTH:
        raise Invalid(f"A reason has at most {MAX_REASON_LENGTH} characters.", field="reason")
    return reason


def _carry_out(clip: Clip, verdict: Outcome, *, reason: str, reviewer: User, now: datetime) -> None:
    only_if = {
        "state": clip.state,
        "digest": clip.digest,
        "caption": clip.caption,
        "hashtags": clip.hashtags,
    }
    if verdict is Outcome.ALLOW:
        publish_clip(
            clip,
            allowed_digest=clip.digest,
            note=reason,
            actor=reviewer,
            now=now,
            only_if=only_if,
        )
        return
    take_down = {
        (Outcome.REVIEW, PUBLISHED): hold_clip,
        (Outcome.BLOCK, HELD): reject_clip,
        (Outcome.BLOCK, PUBLISHED): withdraw_clip,
    }[verdict, clip.state]
    take_down(clip, reason=reason, actor=reviewer, now=now, only_if=only_if)
