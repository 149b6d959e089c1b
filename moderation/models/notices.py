"""What people report: DSA Art. 16, and requests under the TAKE IT DOWN Act."""

from django.conf import settings
from django.db import models
from django.db.models import Q
from django.db.models.functions import Now

from common.ids import new_id
from moderation.models.desk import ReviewItem
from moderation.models.judging import Decision, Subject


class NoticeKind(models.TextChoices):
    """What somebody asks for."""

    REPORT = "report"
    TAKEDOWN = "takedown"


class NoticeOutcome(models.TextChoices):
    """What became of it."""

    ACTED = "acted"
    NOT_ACTED = "not_acted"
    UNFOUNDED = "unfounded"
    GONE = "gone"


class Relation(models.TextChoices):
    """Who asks for a takedown."""

    DEPICTED = "depicted"
    REPRESENTATIVE = "representative"


class Notice(models.Model):
    """One person's report of one content.

    `category` is one of the words people choose from; `name` and `email` are empty where the law
    lets a reporter stay unknown; `weight` is how much the reporter was to be believed at the time.
    `digest` is the file or the words that were there when it came.
    """

    id = models.UUIDField(primary_key=True, default=new_id, editable=False)
    kind = models.CharField(max_length=10, choices=NoticeKind, default=NoticeKind.REPORT)
    subject = models.CharField(max_length=16, choices=Subject)
    subject_id = models.UUIDField()
    about = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.CASCADE, related_name="notices_received"
    )
    digest = models.CharField(max_length=64, blank=True, default="")
    category = models.CharField(max_length=60)
    explanation = models.TextField()
    name = models.CharField(max_length=200, blank=True, default="")
    email = models.EmailField(blank=True, default="")
    reporter = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.SET_NULL, null=True, related_name="notices_sent"
    )
    is_from_trusted_flagger = models.BooleanField(default=False)
    is_in_good_faith = models.BooleanField()
    relation = models.CharField(max_length=16, choices=Relation, blank=True, default="")
    signature = models.CharField(max_length=200, blank=True, default="")
    weight = models.FloatField(default=1.0)
    item = models.ForeignKey(
        ReviewItem, on_delete=models.SET_NULL, null=True, related_name="notices"
    )
    received_at = models.DateTimeField(db_default=Now())
    deadline_at = models.DateTimeField(null=True, blank=True)
    outcome = models.CharField(max_length=12, choices=NoticeOutcome, blank=True, default="")
    outcome_reason = models.TextField(blank=True, default="")
    decision = models.ForeignKey(
        Decision, on_delete=models.SET_NULL, null=True, related_name="notices"
    )
    decided_at = models.DateTimeField(null=True, blank=True)
    banned_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        constraints = [
            models.CheckConstraint(
                name="notice_outcome_is_dated",
                condition=Q(outcome="", decided_at=None)
                | (~Q(outcome="") & Q(decided_at__isnull=False)),
            ),
            models.CheckConstraint(
                name="takedown_has_a_clock",
                condition=~Q(kind=NoticeKind.TAKEDOWN)
                | (Q(deadline_at__isnull=False) & ~Q(signature="") & ~Q(relation="")),
            ),
        ]
        indexes = [
            models.Index(
                fields=["subject", "subject_id"],
                name="notice_undecided",
                condition=Q(decided_at=None),
            ),
            models.Index(fields=["deadline_at"], name="notice_due", condition=Q(decided_at=None)),
            models.Index(fields=["reporter", "-received_at"], name="notice_by_reporter"),
            models.Index(fields=["email", "-received_at"], name="notice_by_email"),
        ]


class ReporterSanction(models.Model):
    """A warning to somebody who reports without ground, or a time in which we do not process it."""

    id = models.UUIDField(primary_key=True, default=new_id, editable=False)
    reporter = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.CASCADE, null=True, related_name="+"
    )
    email = models.EmailField(blank=True, default="")
    is_warning = models.BooleanField()
    created_at = models.DateTimeField(db_default=Now())
    until = models.DateTimeField(null=True, blank=True)

    class Meta:
        indexes = [models.Index(fields=["email", "-created_at"], name="sanction_by_email")]
