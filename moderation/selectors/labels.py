"""The labels that stand on content."""

from uuid import UUID

from django.contrib.postgres.expressions import ArraySubquery
from django.db.models import CharField, OuterRef, Q, QuerySet, Value
from django.db.models.functions import Cast, Concat, JSONObject, Now

from moderation.models.judging import Subject
from moderation.models.labels import ContentLabel


def standing_labels(subject: Subject, subject_id: UUID) -> frozenset[str]:
    """The values of all labels that stand on the subject, whoever said it."""
    labels = _standing().filter(subject=subject, subject_id=subject_id)
    return frozenset(labels.values_list("value", flat=True))


def labels_in_clip_query() -> ArraySubquery:
    """An annotation for a query of clips: the labels of each, as others read them.

    A list of {issuer, subject, version, value, negation, expiry}, by value.
    """
    own = _standing().filter(subject=Subject.CLIP, subject_id=OuterRef("pk"))
    shape = JSONObject(
        issuer="issuer",
        subject=Concat(Value("clip:"), Cast("subject_id", CharField())),
        version="digest",
        value="value",
        negation="is_negated",
        expiry="expires_at",
    )
    return ArraySubquery(own.order_by("value", "issuer").values_list(shape))


def _standing() -> QuerySet[ContentLabel]:
    latest = ContentLabel.objects.filter(is_latest=True, is_negated=False)
    return latest.filter(Q(expires_at__isnull=True) | Q(expires_at__gt=Now()))
