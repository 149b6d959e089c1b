"""Reads of appeals."""

from uuid import UUID

from django.db.models import Q, QuerySet

from common.errors import NotFound
from moderation.models.appeals import Appeal
from moderation.models.desk import ReviewOpinion
from moderation.models.judging import Decision, Source, Verdict

ON_APPEAL = "appeal"
"""The rule by which something passes, or is given back, that a person allowed on appeal."""


def appeal_named(appeal_or_item_id: UUID) -> Appeal:
    """The appeal with this id, or the one that has waited longest on this item of the desk.

    It is locked until the transaction ends.  Raises NotFound.
    """
    appeals = Appeal.objects.select_for_update(of=("self",))
    named = appeals.filter(Q(pk=appeal_or_item_id) | Q(item=appeal_or_item_id, decided_at=None))
    appeal = named.order_by("created_at", "pk").first()
    if appeal is None:
        raise NotFound("There is no such appeal.")
    return appeal


def appeals_of_item(item_id: UUID) -> QuerySet[Appeal]:
    """The appeals that wait on an item of the desk, the oldest first, with what they are about."""
    waiting = Appeal.objects.filter(item=item_id, decided_at=None)
    return waiting.select_related("statement__decision", "notice__decision", "appellant").order_by(
        "created_at", "pk"
    )


def has_other_open(appeal: Appeal) -> bool:
    """Whether the item of this appeal holds another one."""
    return (
        Appeal.objects.filter(item=appeal.item_id, decided_at=None).exclude(pk=appeal.pk).exists()
    )


def judges_of(subject: str, subject_id: UUID) -> frozenset[UUID]:
    """Everybody who has had a say in what was decided of it."""
    deciders = Decision.objects.filter(subject=subject, subject_id=subject_id)
    speakers = ReviewOpinion.objects.filter(item__subject=subject, item__subject_id=subject_id)
    deciders = deciders.filter(decided_by__isnull=False)
    speakers = speakers.filter(undone_at=None, reviewer__isnull=False)
    return frozenset(deciders.values_list("decided_by", flat=True)) | frozenset(
        speakers.values_list("reviewer", flat=True)
    )


def is_allowed_on_appeal(subject: str, digest: str) -> bool:
    """Whether a person allowed exactly these words after somebody appealed their refusal."""
    rows = Decision.objects.filter(subject=subject, digest=digest, source=Source.APPEAL)
    return rows.filter(verdict=Verdict.ALLOW, decided_by__isnull=False).exists()
