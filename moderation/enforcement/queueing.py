"""How things come to the reviewers' desk, and leave it."""

from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from django.db import IntegrityError, transaction

from accounts.models import User
from common.transitions import move
from moderation.models.desk import ReviewItem, ReviewKind
from moderation.models.judging import Decision, Subject
from moderation.states import DONE, REVIEW_STATES, UNFINISHED_REVIEWS


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


def open_item(matter: Matter) -> ReviewItem:
    """Put the matter on the desk, or make the item that is there as urgent as this.

    The caller owns the transaction.
    """
    item = _locked(matter.kind, matter.subject, matter.subject_id) or _created(matter)
    deadlines = [at for at in (item.deadline_at, matter.deadline_at) if at is not None]
    item.category = matter.category or item.category
    item.severity = max(item.severity, matter.severity)
    item.reach = max(item.reach, matter.reach)
    item.reporter_weight = max(item.reporter_weight, matter.reporter_weight)
    item.is_from_trusted_flagger |= matter.is_from_trusted_flagger
    item.reason = item.reason or matter.reason
    item.deadline_at = min(deadlines, default=None)
    item.excluded = sorted({*item.excluded, *matter.excluded})
    item.priority = float(item.severity)
    item.save()
    return item


def _created(matter: Matter) -> ReviewItem:
    """A new item, or the one that somebody else made at this moment."""
    try:
        with transaction.atomic():
            return ReviewItem.objects.create(
                kind=matter.kind,
                subject=matter.subject,
                subject_id=matter.subject_id,
                about=matter.about,
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
    items = ReviewItem.objects.select_for_update().filter(kind=kind, state__in=UNFINISHED_REVIEWS)
    return items.filter(subject=subject, subject_id=subject_id).first()
