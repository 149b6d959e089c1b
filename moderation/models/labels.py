"""What is said of content in one word, for those who see it."""

from django.db import models
from django.db.models import Q
from django.db.models.functions import Now

from common.ids import new_id
from moderation.models.judging import Subject


class Issuer(models.TextChoices):
    """Who labels; one does not take back what the other said."""

    POLICY = "policy"
    MODERATORS = "moderators"


class ContentLabel(models.Model):
    """One statement `issuer` makes of a subject; newer ones of the same value replace older ones.

    In the shape of Bluesky's labels (issuer, subject, version, value, negation, expiry): `digest`
    is the version of the subject, and a negation takes the value back.
    https://atproto.com/specs/label
    """

    id = models.UUIDField(primary_key=True, default=new_id, editable=False)
    issuer = models.CharField(max_length=16, choices=Issuer)
    subject = models.CharField(max_length=16, choices=Subject)
    subject_id = models.UUIDField()
    digest = models.CharField(max_length=64)
    value = models.CharField(max_length=40)
    is_negated = models.BooleanField(default=False)
    is_latest = models.BooleanField(default=True)
    expires_at = models.DateTimeField(null=True)
    created_at = models.DateTimeField(db_default=Now())

    class Meta:
        constraints = [
            models.CheckConstraint(
                name="label_issuer_is_known", condition=Q(issuer__in=Issuer.values)
            ),
            models.CheckConstraint(
                name="label_subject_is_known", condition=Q(subject__in=Subject.values)
            ),
            models.UniqueConstraint(
                fields=["subject", "subject_id", "issuer", "value"],
                name="one_latest_label",
                condition=Q(is_latest=True),
            ),
        ]
