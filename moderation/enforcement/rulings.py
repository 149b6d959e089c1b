"""A ruling is a verdict with all it rests on; to carry it out is to do everything it entails.

Machines and people rule through the same function, so no decision is without its record, and no
record without its effect.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any
from uuid import UUID

from django.db import transaction

from accounts.models import User
from clips.models import Clip
from clips.services import hold_clip, keep_from_minors, publish_clip, reject_clip, withdraw_clip
from moderation.classifiers.port import Finding
from moderation.enforcement.labelling import is_kept_from_minors, set_labels
from moderation.enforcement.notices import answer_notices, is_answer
from moderation.enforcement.queueing import Matter, close_item, open_item
from moderation.enforcement.records import Record, put_on_record
from moderation.enforcement.restrictions import restriction_of, was_shown
from moderation.enforcement.shown import Shown, restrict_shown, shown_words
from moderation.enforcement.statements import Circumstances, end_statements
from moderation.enforcement.strikes import give_strike
from moderation.models.desk import ReviewKind
from moderation.models.judging import Decision, Restriction, Signal, Source, Subject, Verdict
from moderation.models.labels import Issuer
from moderation.policy.rules import Outcome
from moderation.selectors.notices import open_notices, source_of_notices
from moderation.selectors.policies import UNKNOWN_SEVERITY, severity_of

NONE: frozenset[str] = frozenset()


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
    `labels` are all that this side, machines or people, says of the content from now on; None
    leaves what it said.
    An `is_interim` ruling is a reviewer's first or last grip while they decide: what is on the
    desk stays there.  `legal_ground` names the law, where it rests on more than our own policy.
    """

    content: Content
    outcome: Outcome
    reason: str
    policy_version: str
    rules: tuple[str, ...] = ()
    categories: tuple[str, ...] = ()
    limits: frozenset[str] = frozenset()
    labels: frozenset[str] | None = None
    is_strike: bool = False
    source: Source = Source.OWN_INITIATIVE
    decided_by: User | None = None
    is_interim: bool = False
    legal_ground: str = ""


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
    content = ruling.content
    record_signals(content, findings)
    ruling = replace(ruling, source=_source(ruling))
    shown = shown_words(content.subject, content.subject_id, about=content.about)
    restriction = restriction_of(
        ruling.outcome, content.subject, clip=clip, is_shown=shown is not None
    )
    if clip is not None:
        _label(clip, ruling, now=now)
        _move_clip(clip, ruling, only_if=dict(only_if or {}), now=now)
    elif shown is not None:
        restrict_shown(shown, restriction, decided_by=ruling.decided_by, now=now)
    decision = _recorded(ruling, restriction, clip=clip, shown=shown, now=now)
    _tell_everybody(ruling, decision, clip=clip, now=now)
    return decision


def _source(ruling: Ruling) -> Source:
    """Why it came to be judged: what people reported, if they did and nobody said otherwise."""
    if ruling.source is not Source.OWN_INITIATIVE:
        return ruling.source
    content = ruling.content
    return source_of_notices(list(open_notices(content.subject, content.subject_id)))


def _tell_everybody(
    ruling: Ruling, decision: Decision, *, clip: Clip | None, now: datetime
) -> None:
    """The desk, and those who reported it; not while a reviewer may still take it back."""
    if ruling.is_interim:
        return
    if clip is not None and ruling.outcome is Outcome.REVIEW:
        _put_on_desk(clip, ruling, now=now)
    elif is_answer(decision) or not open_notices(decision.subject, decision.subject_id).exists():
        subject = Subject(decision.subject)
        close_item(ReviewKind.CONTENT, subject, decision.subject_id, decision=decision, now=now)
    answer_notices(decision, now=now)


def _label(clip: Clip, ruling: Ruling, *, now: datetime) -> None:
    if ruling.labels is not None:
        issuer = Issuer.POLICY if ruling.decided_by is None else Issuer.MODERATORS
        set_labels(ruling.content, ruling.labels, issuer=issuer, now=now)
    keep_from_minors(clip, is_kept=is_kept_from_minors(ruling.content))


def _recorded(
    ruling: Ruling, restriction: str, *, clip: Clip | None, shown: Shown | None, now: datetime
) -> Decision:
    """The decision, its statement of reasons, and the strike that it may be."""
    content = ruling.content
    record = Record(
        subject=content.subject,
        subject_id=content.subject_id,
        digest=content.digest,
        about=content.about,
        verdict=Verdict(ruling.outcome),
        reason=ruling.reason,
        policy_version=ruling.policy_version,
        rules=ruling.rules,
        categories=ruling.categories,
        limits=ruling.limits,
        restriction=restriction,
        is_strike=ruling.is_strike,
        source=ruling.source,
        decided_by=ruling.decided_by,
    )
    circumstances = Circumstances(
        clip=clip,
        limits=frozenset(clip.limits) if restriction == Restriction.CLIP_LIMITED and clip else NONE,
        legal_ground=ruling.legal_ground,
        content_created_at=shown.created_at if shown else None,
        is_interim=ruling.is_interim,
    )
    decision, statement = put_on_record(record, circumstances, now=now)
    if clip is not None:
        end_statements(decision, now=now)
    if statement is not None and ruling.is_strike and restriction != Restriction.ACCOUNT_TERMINATED:
        give_strike(decision, statement, now=now)
    return decision


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
    elif was_shown(clip):
        withdraw_clip(clip, reason=ruling.reason, **common)
    else:
        reject_clip(clip, reason=ruling.reason, **common)


def _put_on_desk(clip: Clip, ruling: Ruling, *, now: datetime) -> None:
    category = next(iter(ruling.categories), "")
    matter = Matter(
        kind=ReviewKind.CONTENT,
        subject=Subject.CLIP,
        subject_id=clip.pk,
        about=clip.author,
        category=category,
        severity=severity_of(category) if category else UNKNOWN_SEVERITY,
        reach=clip.view_count,
        reason=ruling.reason,
    )
    open_item(matter, now=now)


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
