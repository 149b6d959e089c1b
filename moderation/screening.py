"""The judging of words and clips: detectors, policy, and what follows from the verdict.

Whatever goes wrong on the way, the clip is held for a person: nothing is allowed by default.
"""

import hashlib
import logging
import tempfile
from collections.abc import Callable, Mapping
from datetime import datetime
from functools import cache, partial
from pathlib import Path
from time import monotonic
from uuid import UUID, uuid4

from django.conf import settings
from django.db import DatabaseError

from clips.models import Clip
from clips.services import claim_for_screening, extend_screening
from common.objects import store
from common.states import UnableToMove
from common.storage import UnableToReachStore
from moderation.classifiers.isolation import UnableToCheckFrames, check_frames
from moderation.classifiers.lexicon import Lexicon, Pattern
from moderation.classifiers.port import Finding
from moderation.enforcement.rulings import Content, Ruling, carry_out
from moderation.models.judging import Subject
from moderation.policy.loader import UnableToLoadPolicy, load_policy
from moderation.policy.rules import ON_ERROR, Fixture, Outcome, Policy, Verdict, verdict
from moderation.policy.wording import message

FRAME_COUNT = 8
HEARTBEATS_PER_LEASE = 4
NAME_LENGTH = 60
UNREADABLE = "unreadable"

logger = logging.getLogger(__name__)

Clock = Callable[[], datetime]


class ClaimLost(Exception):
    """Somebody else has the clip now, or it was deleted."""


@cache
def policy() -> Policy:
    """The policy of this deployment.  Raises UnableToLoadPolicy."""
    return load_policy(settings.POLICY_FILE)


@cache
def lexicon() -> Lexicon:
    """The text detector the policy's words and patterns make."""
    rules = policy()
    patterns = [
        Pattern(
            name=pattern.name,
            category=pattern.category,
            groups=pattern.groups,
            within=pattern.within,
            score=pattern.score,
        )
        for pattern in rules.patterns
    ]
    categories = dict.fromkeys(pattern.category for pattern in patterns)
    return Lexicon(words=rules.words, patterns=patterns, categories=categories)


def text_digest(*texts: str) -> str:
    """The SHA-256 of the texts, each ended by a NUL."""
    return hashlib.sha256("".join(f"{text}\0" for text in texts).encode()).hexdigest()


def judge_text(content: Content, *, texts: Mapping[str, str], stage: str, now: datetime) -> Verdict:
    """The verdict on `texts` at `stage`, with its signals and its decision on record."""
    findings = lexicon().judge(texts)
    outcome = verdict(findings, policy(), stage=stage)
    carry_out(_ruling(content, outcome, stage=stage), findings=findings, now=now)
    return outcome


def _ruling(content: Content, outcome: Verdict, *, stage: str) -> Ruling:
    return Ruling(
        content=content,
        outcome=outcome.decision,
        reason=message(outcome, stage=stage),
        policy_version=policy_version(),
        rules=outcome.rules,
        categories=outcome.categories,
        limits=outcome.limits,
        is_strike=outcome.is_strike,
    )


def screen_clip(clip_id: UUID, *, clock: Clock) -> None:
    """Judge a submitted clip and do what the verdict says; nothing when another is at it.

    After SCREENING_MAX_ATTEMPTS unfinished tries the clip is held for a person.
    """
    token = uuid4()
    lease = settings.SCREENING_LEASE_SECONDS
    clip = claim_for_screening(clip_id, token=token, lease_seconds=lease, now=clock())
    if clip is None:
        return
    try:
        findings, outcome = _judged(clip, while_waiting=_Heartbeat(clip, token, clock))
        _conclude(clip, outcome, findings=findings, token=token, now=clock())
    except (ClaimLost, UnableToMove):
        logger.info("Clip %s has gone another way while it was judged.", clip.pk)


def fixture_failures() -> list[tuple[Fixture, Outcome]]:
    """The prompts in the policy's own tests of which it says something else than expected."""
    said = [
        (fixture, verdict(lexicon().judge({"prompt": fixture.prompt}), policy(), stage="prompt"))
        for fixture in policy().fixtures
    ]
    return [
        (fixture, outcome.decision)
        for fixture, outcome in said
        if outcome.decision is not fixture.expect
    ]


class _Heartbeat:
    """Keeps the claim alive while a detector works.  Raises ClaimLost when it is gone."""

    def __init__(self, clip: Clip, token: UUID, clock: Clock) -> None:
        self._extend = partial(
            extend_screening,
            clip.pk,
            token=token,
            lease_seconds=settings.SCREENING_LEASE_SECONDS,
        )
        self._clock = clock
        self._last = monotonic()

    def __call__(self) -> None:
        if monotonic() - self._last < settings.SCREENING_LEASE_SECONDS / HEARTBEATS_PER_LEASE:
            return
        if not self._extend(now=self._clock()):
            raise ClaimLost
        self._last = monotonic()


def _judged(clip: Clip, *, while_waiting: Callable[[], None]) -> tuple[list[Finding], Verdict]:
    if clip.attempts > settings.SCREENING_MAX_ATTEMPTS:
        reason = "Our automatic checks could not be finished, though we tried several times."
        return [], Verdict(Outcome.REVIEW, (ON_ERROR,), reason)
    try:
        findings = _findings(clip, while_waiting)
        return findings, verdict(findings, policy(), stage="clip")
    except (ClaimLost, DatabaseError, UnableToReachStore):
        # The claim is gone, or an outage: the lease runs out and the clip is judged again.
        raise
    except Exception:
        logger.exception("Clip %s could not be checked and is held.", clip.pk)
        reason = "Our automatic checks failed, so we do not know yet whether this is fine."
        return [], Verdict(Outcome.REVIEW, (ON_ERROR,), reason)


def _findings(clip: Clip, while_waiting: Callable[[], None]) -> list[Finding]:
    texts = {
        "caption": clip.caption,
        "hashtags": " ".join(clip.hashtags),
        "prompt": clip.video.prompt,
    }
    findings = lexicon().judge(texts)
    with tempfile.NamedTemporaryFile(suffix=".mp4") as file, store().open_range(clip.digest) as mp4:
        for chunk in mp4:
            file.write(chunk)
        file.flush()
        for detector in settings.FRAME_DETECTORS:
            findings += _frame_findings(detector, Path(file.name), while_waiting)
    return findings


def _frame_findings(detector: str, video: Path, while_waiting: Callable[[], None]) -> list[Finding]:
    start = monotonic()
    try:
        return check_frames(
            video,
            detector=detector,
            count=FRAME_COUNT,
            timeout_seconds=settings.FRAME_CHECK_SECONDS,
            while_waiting=while_waiting,
        )
    except UnableToCheckFrames as error:
        logger.warning("Frame detector %s gave no answer: %s", detector, error)
        failure = Finding(
            detector=detector[-NAME_LENGTH:],
            version="",
            category="unknown",
            score=None,
            evidence={"error": error.message},
            latency_milliseconds=(monotonic() - start) * 1000,
        )
        return [failure]


def _conclude(
    clip: Clip, outcome: Verdict, *, findings: list[Finding], token: UUID, now: datetime
) -> None:
    """Put signals, decision and the clip's move on record together, or none of them."""
    content = Content(Subject.CLIP, clip.pk, clip.digest, clip.author)
    carry_out(
        _ruling(content, outcome, stage="clip"),
        clip=clip,
        findings=findings,
        only_if={"lease_token": token, "digest": clip.digest},
        now=now,
    )


def policy_version() -> str:
    """The version in force, or `unreadable`: a clip can be held without a policy."""
    try:
        return policy().version
    except UnableToLoadPolicy:
        return UNREADABLE
