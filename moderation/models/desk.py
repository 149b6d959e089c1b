"""What waits for a person to judge it."""

from django.conf import settings
from django.contrib.postgres.fields import ArrayField
from django.db import models
from django.db.models import Q
from django.db.models.functions import Now

from clips.models import Limit
from common.ids import new_id
from common.transitions import Event
from moderation.models.judging import Decision, Subject, Verdict
from moderation.states import CLAIMED, OPEN, REVIEW_STATES, UNFINISHED_REVIEWS

SAYABLE = (Verdict.ALLOW, Verdict.LIMIT, Verdict.BLOCK)


class ReviewKind(models.TextChoices):
    """What a reviewer is asked."""

    CONTENT = "content"
    APPEAL = "appeal"
    SECOND = "second_opinion"
    QUALITY = "quality_check"


class ReviewItem(models.Model):
    """One thing on the desk; there is one unfinished item for a kind and a subject.

    `severity` is 1 to 4; `reporter_weight` is how much those who reported it are to be believed;
    `excluded` are people who may not judge it, because they did before or it is theirs; an
    `is_escalated` item is for admins.  A second opinion `answers` a first one, a quality check
    `checks` a decision; who judges it is not shown either.
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
    is_escalated = models.BooleanField(default=False)
    excluded = ArrayField(models.UUIDField(), default=list, blank=True)
    answers = models.ForeignKey(
        "moderation.ReviewOpinion", on_delete=models.CASCADE, null=True, related_name="+"
    )
    checks = models.ForeignKey(
        Decision, on_delete=models.CASCADE, null=True, related_name="quality_checks"
    )
    claimed_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.SET_NULL, null=True, related_name="claimed_items"
    )
    claimed_at = models.DateTimeField(null=True, blank=True)
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
                condition=Q(state__in=UNFINISHED_REVIEWS),
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


class ReviewOpinion(models.Model):
    """What one reviewer said of one item, and what came of it.

    It counts from `takes_effect_at` on; until then whoever said it can take it back.  `seen` is
    the fingerprint of what was looked at.  `was_shown` says that the subject was taken out of
    sight at once, with `limits_before`, and goes back there if the opinion is undone.
    """

    id = models.UUIDField(primary_key=True, default=new_id, editable=False)
    item = models.ForeignKey(ReviewItem, on_delete=models.CASCADE, related_name="opinions")
    reviewer = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.SET_NULL, null=True, related_name="opinions"
    )
    outcome = models.CharField(max_length=16, choices=Verdict)
    category = models.CharField(max_length=60, blank=True, default="")
    reason = models.TextField(blank=True, default="")
    limits = ArrayField(models.CharField(max_length=20, choices=Limit), default=list, blank=True)
    bans_file = models.BooleanField(default=False)
    seen = models.CharField(max_length=64, blank=True, default="")
    policy_version = models.CharField(max_length=60)
    was_shown = models.BooleanField(default=False)
    limits_before = ArrayField(models.CharField(max_length=20), default=list, blank=True)
    handling_seconds = models.FloatField()
    said_at = models.DateTimeField()
    takes_effect_at = models.DateTimeField()
    settled_at = models.DateTimeField(null=True, blank=True)
    undone_at = models.DateTimeField(null=True, blank=True)
    decision = models.ForeignKey(
        Decision, on_delete=models.SET_NULL, null=True, related_name="opinions"
    )

    class Meta:
        constraints = [
            models.CheckConstraint(
                name="review_opinion_outcome_is_sayable", condition=Q(outcome__in=SAYABLE)
            ),
            models.UniqueConstraint(
                fields=["item"],
                name="one_waiting_opinion",
                condition=Q(settled_at=None, undone_at=None),
            ),
        ]
        indexes = [
            models.Index(
                fields=["takes_effect_at"],
                name="review_opinion_to_settle",
                condition=Q(settled_at=None, undone_at=None),
            ),
            models.Index(fields=["reviewer", "-id"], name="review_opinion_by_reviewer"),
        ]


class Blur(models.TextChoices):
    """How much a picture is blurred until it is held."""

    STRONG = "strong"
    LIGHT = "light"


class ReviewerSettings(models.Model):
    """How one reviewer wants to work: what they are never given, and how pictures look."""

    reviewer = models.OneToOneField(
        settings.AUTH_USER_MODEL,
        on_delete=models.CASCADE,
        primary_key=True,
        related_name="reviewer_settings",
    )
    opted_out = ArrayField(models.CharField(max_length=60), default=list, blank=True)
    blur = models.CharField(max_length=16, choices=Blur, default=Blur.STRONG)
    stays_grey = models.BooleanField(default=True)

    class Meta:
        constraints = [
            models.CheckConstraint(
                name="reviewer_blur_is_known", condition=Q(blur__in=Blur.values)
            ),
        ]
