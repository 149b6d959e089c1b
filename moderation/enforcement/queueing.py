"""How things come to the reviewers' desk, and leave it."""

from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from django.db import IntegrityError, transaction
from django.utils import timezone

from accounts.models import User
from common.transitions import move
from moderation.models.desk import ReviewItem, ReviewKind, ReviewOpinion
from moderation.models.judging import Decision, Subject, Verdict
from moderation.ranking.urgency import Case, urgency
from moderation.states import DONE, OPEN, REVIEW_STATES, SETTLING, UNFINISHED_REVIEWS

REFRESHED_AT_ONCE = 500


@dataclass(frozen=True)
class Matter:
    """What is put before a reviewer; the fields are those of ReviewItem."""

    kind: ReviewKind
    subject: Subject
    subject_id: UUID
    about: User
    category: str = ""
    severity: int = 1
    reach: int = 0
    reporter_weight: float = 1.0
    is_from_trusted_flagger: bool = False
    reason: str = ""
    deadline_at: datetime | None = None
    excluded: frozenset[UUID] = frozenset()
    is_escalated: bool = False
    answers: ReviewOpinion | None = None
    checks: Decision | None = None


def open_item(matter: Matter, *, now: datetime | None = None) -> ReviewItem:
    """Put the matter on the desk, or make the item that is there as urgent as this.

    News reopens what a reviewer was about to let through.  The caller owns the transaction.
    """
    now = now or timezone.now()
    item = _locked(matter.kind, matter.subject, matter.subject_id) or _created(matter, now)
    deadlines = [at for at in (item.deadline_at, matter.deadline_at) if at is not None]
    item.category = matter.category or item.category
    item.severity = max(item.severity, matter.severity)
    item.reach = max(item.reach, matter.reach)
    item.reporter_weight = max(item.reporter_weight, matter.reporter_weight)
    item.is_from_trusted_flagger |= matter.is_from_trusted_flagger
    item.reason = item.reason or matter.reason
    item.deadline_at = min(deadlines, default=None)
    item.excluded = sorted({*item.excluded, *matter.excluded})
    item.is_escalated |= matter.is_escalated
    item.answers = matter.answers or item.answers
    item.checks = matter.checks or item.checks
    item.priority = _urgency(item, now)
    item.save()
    _reopen(item, now=now)
    return item


def refresh_priorities(*, now: datetime) -> int:
    """Let what waits grow more urgent as time goes by; how many items did."""
    waiting = ReviewItem.objects.filter(state=OPEN).order_by("pk")
    items = list(waiting[:REFRESHED_AT_ONCE])
    count = 0
    while items:
        for item in items:
            item.priority = _urgency(item, now)
        ReviewItem.objects.bulk_update(items, ["priority"])
        count += len(items)
        items = list(waiting.filter(pk__gt=items[-1].pk)[:REFRESHED_AT_ONCE])
    return count


def _urgency(item: ReviewItem, now: datetime) -> float:
    case = Case(
        severity=item.severity,
        reach=item.reach,
        weight=item.reporter_weight,
        is_from_trusted_flagger=item.is_from_trusted_flagger,
        opened_at=item.opened_at,
        deadline_at=item.deadline_at,
    )
    return urgency(case, now=now)


def _reopen(item: ReviewItem, *, now: datetime) -> None:
    """A verdict that is about to let something through is void once there is news."""
    if item.state != SETTLING:
        return
    lenient = item.opinions.filter(settled_at=None, undone_at=None).exclude(outcome=Verdict.BLOCK)
    if lenient.update(undone_at=now):
        move(item, states=REVIEW_STATES, to=OPEN, now=now, note="news", claimed_by=None)


def _created(matter: Matter, now: datetime) -> ReviewItem:
    """A new item, or the one that somebody else made at this moment."""
    try:
        with transaction.atomic():
            return ReviewItem.objects.create(
                kind=matter.kind,
                subject=matter.subject,
                subject_id=matter.subject_id,
                about=matter.about,
                opened_at=now,
            )
    except IntegrityError:
        item = _locked(matter.kind, matter.subject, matter.subject_id)
        if item is None:
            raise
        return item


def close_item(
    kind: ReviewKind, subject: Subject, subject_id: UUID, *, decision: Decision, now: datetime
) -> None:
    """Take what `decision` answers off the desk, if it is on it; the caller's transaction."""
    item = _locked(kind, subject, subject_id)
    if item is not None:
        move(
            item,
            states=REVIEW_STATES,
            to=DONE,
            now=now,
            actor=decision.decided_by,
            decision=decision,
            closed_at=now,
            lease_token=None,
            lease_until=None,
        )


def _locked(kind: ReviewKind, subject: Subject, subject_id: UUID) -> ReviewItem | None:
    items = ReviewItem.objects.select_for_update(of=("self",)).filter(
        kind=kind, state__in=UNFINISHED_REVIEWS
    )
    return items.filter(subject=subject, subject_id=subject_id).first()
