"""A decision and its statement of reasons: written together, or not at all."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from accounts.models import User
from moderation.enforcement.audit import append
from moderation.enforcement.statements import Circumstances, state_reasons
from moderation.models.judging import Decision, Source, Subject, Verdict
from moderation.models.statements import Statement


@dataclass(frozen=True)
class Record:
    """What a decision says; the fields are those of Decision."""

    subject: Subject
    subject_id: UUID
    digest: str
    about: User
    verdict: Verdict
    reason: str
    policy_version: str
    rules: tuple[str, ...] = ()
    categories: tuple[str, ...] = ()
    limits: Iterable[str] = ()
    restriction: str = ""
    is_strike: bool = False
    source: Source = Source.OWN_INITIATIVE
    decided_by: User | None = None


def put_on_record(
    record: Record, of: Circumstances, *, now: datetime
) -> tuple[Decision, Statement | None]:
    """The decision and, if it restricts, its statement.  The caller owns the transaction."""
    decision = Decision.objects.create(
        subject=record.subject,
        subject_id=record.subject_id,
        digest=record.digest,
        about=record.about,
        verdict=record.verdict,
        policy_version=record.policy_version,
        rules=list(record.rules),
        categories=list(record.categories),
        limits=sorted(record.limits),
        restriction=record.restriction,
        is_strike=record.is_strike,
        source=record.source,
        reason=record.reason,
        decided_by=record.decided_by,
    )
    append(
        "decision.made",
        actor=record.decided_by,
        subject=record.subject,
        subject_id=record.subject_id,
        payload={
            "decision": str(decision.pk),
            "verdict": str(record.verdict),
            "restriction": str(record.restriction),
            "digest": record.digest,
            "policy": record.policy_version,
            "rules": list(record.rules),
            "categories": list(record.categories),
            "limits": sorted(record.limits),
            "source": str(record.source),
        },
    )
    if not record.restriction:
        return decision, None
    return decision, state_reasons(decision, of, now=now)
