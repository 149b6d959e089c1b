"""May these words be used?  Prompts, captions, comments and what people say of themselves."""

import logging
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime

from accounts.models import User
from common.errors import Refused
from common.ids import new_id
from moderation import screening
from moderation.enforcement.rulings import Content
from moderation.models.judging import Subject
from moderation.policy.loader import UnableToLoadPolicy
from moderation.policy.rules import ON_ERROR, Outcome, Verdict
from moderation.policy.wording import message
from moderation.screening import text_digest

HOW_TO_APPEAL = "If you think this is wrong, you can appeal: see /statements"

logger = logging.getLogger(__name__)


class PromptRefused(Refused):
    """Policy forbids the prompt; the message tells the person why and what to do."""

    code = "moderation_blocked"


class TextRefused(Refused):
    """Policy forbids a comment, a caption or a profile text."""

    code = "moderation_blocked"


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
    *, owner: User, prompt: str, negative_prompt: str = "", now: datetime
) -> PromptVerdict:
    """Judge a prompt at the door and put the decision on record.  Raises PromptRefused.

    A refusal must not undo the decision: call it outside any transaction that a refusal rolls
    back.  A negative prompt names what *not* to show, often just what policy forbids: it is part
    of the digest, but not judged; the frames are.
    """
    content = _content(Subject.PROMPT, owner, prompt, negative_prompt)
    outcome = screening.judge_text(content, texts={"prompt": prompt}, stage="prompt", now=now)
    text = message(outcome, stage="prompt")
    if outcome.decision is Outcome.BLOCK:
        raise PromptRefused(f"{text} {HOW_TO_APPEAL}", field="prompt")
    return PromptVerdict(outcome.decision, outcome.rules, text)


def screen_job_prompt(
    *,
    owner: User,
    prompt: str,
    negative_prompt: str = "",
    posted: Mapping[str, str] | None = None,
    now: datetime,
) -> PromptVerdict:
    """Judge a job's words with everything there is, before the GPU: for workers, not for the web.

    `posted` is what is to be posted with the video, by name.  Raises PromptRefused.  When
    the screen cannot answer, the job may be rendered: the clip is judged by the same screen, and
    held when that gives no answer then.
    """
    content = _content(Subject.PROMPT, owner, prompt, negative_prompt)
    texts = {"prompt": prompt, **(posted or {})}
    try:
        outcome = screening.judge_text(content, texts=texts, stage="render", now=now)
    except UnableToLoadPolicy:
        logger.exception("No policy to judge a prompt by; what becomes of it will be held.")
        return PromptVerdict(Outcome.REVIEW, (ON_ERROR,), "")
    text = message(outcome, stage="render")
    if outcome.decision is Outcome.BLOCK:
        raise PromptRefused(text, field="prompt")
    return PromptVerdict(outcome.decision, outcome.rules, text)


def screen_caption(*, author: User, text: str, now: datetime) -> None:
    """Judge a caption before it is posted.  Raises TextRefused when it is never allowed.

    In doubt it passes here, and the clip will be held for a person.
    """
    content = _content(Subject.CLIP, author, text)
    outcome = screening.judge_text(content, texts={"caption": text}, stage="caption", now=now)
    if outcome.decision is Outcome.BLOCK:
        raise TextRefused(f"{message(outcome, stage='text')} {HOW_TO_APPEAL}", field="caption")


def screen_comment(*, author: User, text: str, now: datetime) -> None:
    """Judge a comment.  Raises TextRefused unless it is allowed: comments have no desk."""
    content = _content(Subject.COMMENT, author, text)
    outcome = screening.judge_text(content, texts={"text": text}, stage="comment", now=now)
    _refuse_unless_allowed(outcome, field="text")


def screen_profile(*, owner: User, text: str, now: datetime) -> None:
    """Judge what somebody says of themselves.  Raises TextRefused unless it is allowed."""
    content = _content(Subject.ACCOUNT, owner, text)
    outcome = screening.judge_text(content, texts={"bio": text}, stage="profile", now=now)
    _refuse_unless_allowed(outcome, field="bio")


def _content(subject: Subject, about: User, *texts: str) -> Content:
    return Content(subject, new_id(), text_digest(*texts), about)


def _refuse_unless_allowed(outcome: Verdict, *, field: str) -> None:
    if outcome.decision is not Outcome.ALLOW:
        raise TextRefused(f"{message(outcome, stage='text')} {HOW_TO_APPEAL}", field=field)
