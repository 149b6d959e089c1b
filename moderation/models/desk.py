"""What waits for a person to judge it."""

from django.conf import settings
from django.contrib.postgres.fields import ArrayField
from django.db import models
from django.db.models import Q
from django.db.models.functions import Now

from common.ids import new_id
from common.transitions import Event
from moderation.models.judging import Decision, Subject
from moderation.states import CLAIMED, OPEN, REVIEW_STATES


class ReviewKind(models.TextChoices):
    """What a reviewer is asked."""

    CONTENT = "content"
    APPEAL = "appeal"
    SECOND = "second_opinion"
    QUALITY = "quality_check"


class ReviewItem(models.Model):
    """One thing on the desk; there is one unfinished item for a kind and a subject.

    `severity` is 1 to 4; `reporter_weight` is how much those who reported it are to be believed;
    `excluded` are people who may not judge it, because they did before or it is theirs.
    """

    id = models.UUIDField(primary_key=True, default=new_id, editable=False)
    kind = models.CharField(max_length=16, choices=ReviewKind)
    subject = models.CharField(max_length=16, choices=Subject)
    subject_id = models.UUIDField()
    about = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.CASCADE, related_name="review_items"
    )
    category = models.CharField(max_length=60, blank=True, default="")
    severity = models.PositiveSmallIntegerField(default=1)
    reach = models.PositiveIntegerField(default=0)
    reporter_weight = models.FloatField(default=1.0)
    is_from_trusted_flagger = models.BooleanField(default=False)
    reason = models.TextField(blank=True, default="")
    priority = models.FloatField(default=0.0)
    state = models.CharField(
        max_length=16, choices=[(s, s) for s in sorted(REVIEW_STATES.states)], default=OPEN
    )
    excluded = ArrayField(models.UUIDField(), default=list, blank=True)
    claimed_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.SET_NULL, null=True, related_name="claimed_items"
    )
    lease_token = models.UUIDField(null=True, blank=True)
    lease_until = models.DateTimeField(null=True, blank=True)
    opened_at = models.DateTimeField(db_default=Now())
    deadline_at = models.DateTimeField(null=True, blank=True)
    closed_at = models.DateTimeField(null=True, blank=True)
    decision = models.ForeignKey(
        Decision, on_delete=models.PROTECT, null=True, related_name="review_items"
    )

    class Meta:
        constraints = [
            models.CheckConstraint(
                name="review_item_kind_is_known", condition=Q(kind__in=ReviewKind.values)
            ),
            models.CheckConstraint(
                name="review_item_state_is_known",
                condition=Q(state__in=sorted(REVIEW_STATES.states)),
            ),
            models.CheckConstraint(
                name="review_item_severity_in_range", condition=Q(severity__range=(1, 4))
            ),
            models.UniqueConstraint(
                fields=["kind", "subject", "subject_id"],
                name="one_unfinished_review_item",
                condition=Q(state__in=[OPEN, CLAIMED]),
            ),
        ]
        indexes = [
            models.Index(
                fields=["-priority", "id"], name="review_item_next", condition=Q(state=OPEN)
            ),
            models.Index(
                fields=["lease_until"], name="review_item_to_free", condition=Q(state=CLAIMED)
            ),
        ]


class ReviewItemEvent(Event):
    """One move of an item on the desk."""

    item = models.ForeignKey(ReviewItem, on_delete=models.CASCADE, related_name="events")

    class Meta:
        indexes = [models.Index(fields=["item", "id"], name="review_item_event_by_item")]
