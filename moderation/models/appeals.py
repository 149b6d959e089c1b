"""Complaints about decisions: DSA Art. 20."""

from django.conf import settings
from django.db import models
from django.db.models import Q
from django.db.models.functions import Now

from common.ids import new_id
from moderation.models.desk import ReviewItem
from moderation.models.judging import Decision
from moderation.models.notices import Notice
from moderation.models.statements import Statement


class Appeal(models.Model):
    """One complaint: of the person restricted, or of somebody whose report was not followed.

    Whoever decides it is a person, and not the one who decided before: the database refuses
    anything else (the trigger `appeal_is_decided_by_another_person`).
    """

    id = models.UUIDField(primary_key=True, default=new_id, editable=False)
    statement = models.OneToOneField(
        Statement, on_delete=models.CASCADE, null=True, related_name="appeal"
    )
    notice = models.OneToOneField(
        Notice, on_delete=models.CASCADE, null=True, related_name="appeal"
    )
    appellant = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.SET_NULL, null=True, related_name="appeals"
    )
    text = models.TextField()
    quoted = models.TextField(blank=True, default="")
    item = models.ForeignKey(
        ReviewItem, on_delete=models.SET_NULL, null=True, related_name="appeals"
    )
    created_at = models.DateTimeField(db_default=Now())
    is_upheld = models.BooleanField(null=True)
    reason = models.TextField(blank=True, default="")
    decided_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.PROTECT, null=True, related_name="+"
    )
    decided_at = models.DateTimeField(null=True, blank=True)
    decision = models.ForeignKey(Decision, on_delete=models.SET_NULL, null=True, related_name="+")

    class Meta:
        constraints = [
            models.CheckConstraint(
                name="appeal_is_of_one_thing",
                condition=Q(statement__isnull=False, notice=None)
                | Q(statement=None, notice__isnull=False),
            ),
            models.CheckConstraint(
                name="appeal_is_decided_by_somebody",
                condition=Q(decided_at=None, decided_by=None, is_upheld=None)
                | Q(decided_at__isnull=False, decided_by__isnull=False, is_upheld__isnull=False),
            ),
        ]
        indexes = [
            models.Index(fields=["created_at"], name="appeal_open", condition=Q(decided_at=None)),
        ]
