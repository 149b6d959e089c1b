"""The judging of words and clips: detectors, policy, and what follows from the verdict.

Whatever goes wrong on the way, the clip is held for a person: nothing is allowed by default.
"""

import hashlib
import logging
import tempfile
from collections.abc import Callable, Mapping
from dataclasses import replace
from datetime import datetime
from functools import partial
from pathlib import Path
from time import monotonic
from uuid import UUID, uuid4

import numpy as np
from django.conf import settings
from django.db import DatabaseError, transaction
from numpy.typing import NDArray

from accounts.models import User
from accounts.selectors import is_minor
from clips.models import Clip
from clips.services import claim_for_screening, extend_screening, release_screening
from common.states import UnableToMove
from common.storage import UnableToReachStore
from moderation.enforcement.bans import BankChanged
from moderation.enforcement.frame_checks import FrameCheck, FrameLook
from moderation.enforcement.readers import read_at_door, read_caption, read_fully, read_talk
from moderation.enforcement.restrictions import NEVER_IN_DOUBT
from moderation.enforcement.rulings import Content, Ruling, carry_out
from moderation.enforcement.shadowing import Judgement, judged, note_shadow
from moderation.models.judging import Subject
from moderation.policy.loader import UnableToLoadPolicy
from moderation.policy.rules import ON_ERROR, Audience, Fixture, Outcome, Policy, Verdict, verdict
from moderation.policy.wording import message
from moderation.selectors.appeals import ON_APPEAL, is_allowed_on_appeal
from moderation.selectors.policies import active_policy, forget_policies, version_in_force
from video.encoding import MP4_NAME, encode

HEARTBEATS_PER_LEASE = 4
UNREADABLE = "unreadable"
PICTURE = "picture"
POLICY_CHANGED = "the policy changed"
READERS = {
    "prompt": read_at_door,
    "caption": read_caption,
    "render": read_fully,
    "comment": read_talk,
    "profile": read_talk,
}

logger = logging.getLogger(__name__)

Clock = Callable[[], datetime]


class ClaimLost(Exception):
    """Somebody else has the clip now, or it was deleted."""


class PolicyChanged(Exception):
    """Another policy was put in force while the clip was judged by the one before."""


def text_digest(*texts: str) -> str:
    """The SHA-256 of the texts, each ended by a NUL."""
    return hashlib.sha256("".join(f"{text}\0" for text in texts).encode()).hexdigest()


def judge_text(content: Content, *, texts: Mapping[str, str], stage: str, now: datetime) -> Verdict:
    """The verdict on `texts` at `stage`, with its signals and its decision on record.

    The stage `render` reads fully, which loads a model: it is for workers.
    """
    policy = active_policy()
    judgement = judged(
        content,
        texts=texts,
        findings=READERS[stage](texts, policy),
        policy=policy,
        stage=_stage_of(policy, stage),
        audience=audience_of(content.about, now=now),
    )
    outcome = _for_subject(judgement.verdict, content)
    ruling = _ruling(content, outcome, stage=stage, policy_version=policy.version)
    carry_out(ruling, findings=judgement.findings, now=now)
    note_shadow(judgement)
    return outcome


def judge_picture(content: Content, pixels: NDArray[np.uint8], *, clock: Clock) -> Verdict:
    """The verdict on a picture that a video is to begin with; signals and decision on record.

    `pixels` are uint8 RGB `(height, width, 3)`.
    """
    look = FrameLook(while_waiting=lambda: None, clock=clock)
    with tempfile.TemporaryDirectory(prefix="picture-") as folder:
        height, width = pixels.shape[:2]
        encode([pixels], frames_per_second=1, width=width, height=height, folder=Path(folder))
        findings = look.findings(Path(folder) / MP4_NAME, digest=content.digest)
    now, policy = clock(), active_policy()
    judgement = judged(
        content,
        texts={},
        findings=findings,
        policy=policy,
        stage=PICTURE,
        audience=audience_of(content.about, now=now),
    )
    outcome = _for_subject(look.settled(judgement.verdict), content)
    ruling = _ruling(content, outcome, stage=PICTURE, policy_version=policy.version)
    carry_out(ruling, findings=findings, now=now)
    note_shadow(judgement)
    return outcome


def _stage_of(policy: Policy, stage: str) -> str:
    """A policy older than the stage, `render` or `caption`, asks of it what it asks at the door."""
    return stage if stage in policy.stages else "prompt"


def audience_of(author: User, *, now: datetime) -> Audience:
    """Whose rules `author` has to keep."""
    return Audience.MINORS if is_minor(author, now=now) else Audience.EVERYONE


def _for_subject(outcome: Verdict, content: Content) -> Verdict:
    """Comments and profiles are shown or not: what would only be limited is shown.

    What a person allowed on appeal passes as it is.
    """
    is_refused = outcome.decision is Outcome.BLOCK or (
        outcome.decision is Outcome.REVIEW and content.subject in NEVER_IN_DOUBT
    )
    if is_refused and is_allowed_on_appeal(content.subject, content.digest):
        return Verdict(Outcome.ALLOW, (ON_APPEAL,), "")
    if outcome.decision is Outcome.LIMIT and content.subject in {Subject.COMMENT, Subject.ACCOUNT}:
        return replace(outcome, decision=Outcome.ALLOW, limits=frozenset())
    return outcome


def _ruling(content: Content, outcome: Verdict, *, stage: str, policy_version: str) -> Ruling:
    return Ruling(
        content=content,
        outcome=outcome.decision,
        reason=message(outcome, stage=stage),
        policy_version=policy_version,
        rules=outcome.rules,
        categories=outcome.categories,
        limits=outcome.limits,
        labels=outcome.labels,
        is_strike=outcome.is_strike,
    )


def screen_clip(clip_id: UUID, *, clock: Clock) -> None:
    """Judge a submitted clip and do what the verdict says; nothing when another is at it.

    After SCREENING_MAX_ATTEMPTS unfinished tries the clip is held for a person; that the policy
    changed meanwhile, which puts the clip back in line, is such a try.
    """
    token = uuid4()
    lease = settings.SCREENING_LEASE_SECONDS
    clip = claim_for_screening(clip_id, token=token, lease_seconds=lease, now=clock())
    if clip is None:
        return
    try:
        pictures = FrameCheck(clip, while_waiting=_Heartbeat(clip, token, clock), clock=clock)
        judgement = _judged(clip, pictures, now=clock())
        try:
            _conclude(clip, judgement, pictures, token=token, now=clock())
        except PolicyChanged:
            forget_policies()
            release_screening(clip, token=token, note=POLICY_CHANGED, now=clock())
    except (BankChanged, ClaimLost, UnableToMove):
        logger.info("Clip %s has gone another way while it was judged.", clip.pk)


def fixture_failures(policy: Policy) -> list[tuple[Fixture, Outcome]]:
    """The prompts in the policy's own tests of which it says something else than expected."""
    said = [
        (
            fixture,
            verdict(
                read_at_door({"prompt": fixture.prompt}, policy),
                policy,
                stage="prompt",
                audience=fixture.audience,
            ),
        )
        for fixture in policy.fixtures
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


def _judged(clip: Clip, pictures: FrameCheck, *, now: datetime) -> Judgement | Verdict:
    """The judgement on the clip, or, when it came to none, the verdict that holds it."""
    if clip.attempts > settings.SCREENING_MAX_ATTEMPTS:
        reason = "Our automatic checks could not be finished, though we tried several times."
        return Verdict(Outcome.REVIEW, (ON_ERROR,), reason)
    try:
        policy = active_policy()
        texts = _texts(clip)
        return judged(
            _content(clip),
            texts=texts,
            findings=[*read_fully(texts, policy), *pictures.findings_of_clip()],
            policy=policy,
            stage="clip",
            audience=audience_of(clip.author, now=now),
        )
    except (ClaimLost, DatabaseError, UnableToReachStore):
        # The claim is gone, or an outage: the lease runs out and the clip is judged again.
        raise
    except Exception:
        logger.exception("Clip %s could not be checked and is held.", clip.pk)
        reason = "Our automatic checks failed, so we do not know yet whether this is fine."
        return Verdict(Outcome.REVIEW, (ON_ERROR,), reason)


def _texts(clip: Clip) -> dict[str, str]:
    return {
        "caption": clip.caption,
        "hashtags": " ".join(clip.hashtags),
        "prompt": clip.video.prompt,
    }


def _content(clip: Clip) -> Content:
    return Content(Subject.CLIP, clip.pk, clip.digest, clip.author)


@transaction.atomic
def _conclude(
    clip: Clip, judgement: Judgement | Verdict, pictures: FrameCheck, *, token: UUID, now: datetime
) -> None:
    """Put signals, decision and the clip's move on record together, or none of them.

    Raises BankChanged, PolicyChanged, UnableToMove.
    """
    only_if = {"lease_token": token, "digest": clip.digest}
    if isinstance(judgement, Verdict):
        ruling = _ruling(_content(clip), judgement, stage="clip", policy_version=policy_version())
        carry_out(replace(ruling, labels=None), clip=clip, only_if=only_if, now=now)
        return
    version = judgement.policy.version
    if version_in_force() != version:
        raise PolicyChanged
    pictures.keep()
    outcome = pictures.settled(judgement.verdict)
    ruling = _ruling(judgement.content, outcome, stage="clip", policy_version=version)
    carry_out(ruling, clip=clip, findings=judgement.findings, only_if=only_if, now=now)
    note_shadow(judgement)


def policy_version() -> str:
    """The version in force, or `unreadable`: a clip can be held without a policy."""
    try:
        return active_policy().version
    except UnableToLoadPolicy:
        return UNREADABLE
