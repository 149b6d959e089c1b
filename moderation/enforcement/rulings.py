"""A ruling is a verdict with all it rests on; to carry it out is to do everything it entails.

Machines and people rule through the same function, so no decision is without its record, and no
record without its effect.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from django.db import transaction

from accounts.models import User
from clips.models import Clip
from clips.services import hold_clip, publish_clip, reject_clip, withdraw_clip
from clips.states import PUBLISHED
from moderation.classifiers.port import Finding
from moderation.enforcement.queueing import Matter, close_item, open_item
from moderation.enforcement.restrictions import restriction_of
from moderation.models.desk import ReviewKind
from moderation.models.judging import Decision, Signal, Source, Subject
from moderation.policy.rules import Outcome


@dataclass(frozen=True)
class Content:
    """What a ruling is about: who it concerns, and the digest of what was looked at."""

    subject: Subject
    subject_id: UUID
    digest: str
    about: User


@dataclass(frozen=True)
class Ruling:
    """What is to happen and why; `decided_by` is None for a machine.

    `reason` is the whole message to the person it concerns.  `limits` are of `clips.models.Limit`.
    """

    content: Content
    outcome: Outcome
    reason: str
    policy_version: str
    rules: tuple[str, ...] = ()
    categories: tuple[str, ...] = ()
    limits: frozenset[str] = frozenset()
    is_strike: bool = False
    source: Source = Source.OWN_INITIATIVE
    decided_by: User | None = None


@transaction.atomic
def carry_out(
    ruling: Ruling,
    *,
    clip: Clip | None = None,
    findings: Iterable[Finding] = (),
    only_if: Mapping[str, Any] | None = None,
    now: datetime,
) -> Decision:
    """Record the ruling and do all it entails, or nothing of it.

    `clip` is given for a ruling on a clip and is moved if `only_if` still holds of its row; a
    machine never lifts a limit that stands.  Raises UnableToMove.
    """
    record_signals(ruling.content, findings)
    restriction = restriction_of(ruling.outcome, ruling.content.subject, clip=clip, is_shown=False)
    decision = _recorded(ruling, restriction)
    if clip is not None:
        _move_clip(clip, ruling, only_if=dict(only_if or {}), now=now)
        _tell_desk(clip, ruling, decision, now=now)
    return decision


def _recorded(ruling: Ruling, restriction: str) -> Decision:
    return Decision.objects.create(
        subject=ruling.content.subject,
        subject_id=ruling.content.subject_id,
        digest=ruling.content.digest,
        about=ruling.content.about,
        verdict=ruling.outcome,
        policy_version=ruling.policy_version,
        rules=list(ruling.rules),
        categories=list(ruling.categories),
        limits=sorted(ruling.limits),
        restriction=restriction,
        is_strike=ruling.is_strike,
        source=ruling.source,
        reason=ruling.reason,
        decided_by=ruling.decided_by,
    )


def _move_clip(clip: Clip, ruling: Ruling, *, only_if: dict[str, Any], now: datetime) -> None:
    common: dict[str, Any] = {"only_if": only_if, "actor": ruling.decided_by, "now": now}
    if ruling.outcome in {Outcome.ALLOW, Outcome.LIMIT}:
        standing = clip.limits if ruling.decided_by is None else []
        limits = ruling.limits | set(standing)
        publish_clip(
            clip,
            allowed_digest=ruling.content.digest,
            limits=limits,
            reason=(ruling.reason or clip.reason) if limits else "",
            note=ruling.reason or f"policy {ruling.policy_version}",
            **common,
        )
    elif ruling.outcome is Outcome.REVIEW:
        hold_clip(clip, reason=ruling.reason, **common)
    elif clip.state == PUBLISHED:
        withdraw_clip(clip, reason=ruling.reason, **common)
    else:
        reject_clip(clip, reason=ruling.reason, **common)


def _tell_desk(clip: Clip, ruling: Ruling, decision: Decision, *, now: datetime) -> None:
    if ruling.outcome is Outcome.REVIEW:
        matter = Matter(
            kind=ReviewKind.CONTENT,
            subject=Subject.CLIP,
            subject_id=clip.pk,
            about=clip.author,
            category=next(iter(ruling.categories), ""),
            reach=clip.view_count,
            reason=ruling.reason,
        )
        open_item(matter)
    else:
        close_item(ReviewKind.CONTENT, Subject.CLIP, clip.pk, decision=decision, now=now)


def record_signals(content: Content, findings: Iterable[Finding]) -> None:
    """Put what the detectors said on record, once for each of them."""
    identity = ["subject", "subject_id", "digest", "detector", "detector_version", "category"]
    values = ["score", "evidence", "latency_milliseconds"]
    Signal.objects.bulk_create(
        [
            Signal(
                subject=content.subject,
                subject_id=content.subject_id,
                digest=content.digest,
                detector=finding.detector,
                detector_version=finding.version,
                category=finding.category,
                score=finding.score,
                evidence=dict(finding.evidence),
                latency_milliseconds=finding.latency_milliseconds,
            )
            for finding in findings
        ],
        update_conflicts=True,
        unique_fields=identity,
        update_fields=values,
    )
