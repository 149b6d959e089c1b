"""How labels come to content and are taken back: nothing said is overwritten."""

from collections.abc import Set as AbstractSet
from datetime import datetime
from typing import Protocol
from uuid import UUID

from django.db.models import QuerySet

from common.errors import Unavailable
from moderation.models.judging import Subject
from moderation.models.labels import ContentLabel, Issuer
from moderation.selectors.labels import standing_labels
from moderation.selectors.policies import hidden_from_minors


class Labelled(Protocol):
    """What can be labelled: the digest says which version of it."""

    @property
    def subject(self) -> Subject:
        """The kind of content."""

    @property
    def subject_id(self) -> UUID:
        """Which one."""

    @property
    def digest(self) -> str:
        """The SHA-256 of what was looked at."""


def set_labels(
    content: Labelled, values: AbstractSet[str], *, issuer: Issuer, now: datetime
) -> None:
    """Let `values` be all that `issuer` says of the content; the caller owns the transaction.

    What they said before and say no more is negated.
    """
    said = {label.value: label for label in _latest(content, issuer).select_for_update()}
    stand = {value for value, label in said.items() if not label.is_negated}
    new = {value for value in values if value not in stand or said[value].digest != content.digest}
    taken_back = stand - values
    _latest(content, issuer).filter(value__in=new | taken_back).update(is_latest=False)
    ContentLabel.objects.bulk_create(
        ContentLabel(
            issuer=issuer,
            subject=content.subject,
            subject_id=content.subject_id,
            digest=content.digest,
            value=value,
            is_negated=value in taken_back,
            created_at=now,
        )
        for value in sorted(new | taken_back)
    )


def is_kept_from_minors(content: Labelled) -> bool:
    """Whether a label stands on the content that minors are not shown.

    When the policy can not be read, every label is one.
    """
    labels = standing_labels(content.subject, content.subject_id)
    try:
        return bool(labels & hidden_from_minors())
    except Unavailable:
        return bool(labels)


def _latest(content: Labelled, issuer: Issuer) -> QuerySet[ContentLabel]:
    labels = ContentLabel.objects.filter(is_latest=True, issuer=issuer)
    return labels.filter(subject=content.subject, subject_id=content.subject_id)
