"""Why something of somebody's was restricted: DSA Art. 17."""

from django.conf import settings
from django.contrib.postgres.fields import ArrayField
from django.db import models
from django.db.models import Q
from django.db.models.functions import Now

from clips.models import Limit
from common.ids import new_id
from moderation.models.judging import Decision, Restriction, Source, Subject


class Ground(models.TextChoices):
    """What a restriction rests on."""

    TERMS = "terms"
    LAW = "law"


class Automation(models.TextChoices):
    """How much of a decision a machine took."""

    FULLY = "fully"
    PARTIALLY = "partially"
    NOT = "not"


class Statement(models.Model):
    """The reasons of one restriction, as its person reads them and as they are reported.

    `public_id` is random and stands for the statement outside; `until` is when the restriction
    ends by itself; `ended_at` when it was ended, and `reversed_at` when an appeal found it wrong.
    `is_told_at_once` is true of words refused at the door: the refusal carries the statement.
    """

    id = models.UUIDField(primary_key=True, default=new_id, editable=False)
    public_id = models.CharField(max_length=64, unique=True)
    decision = models.OneToOneField(Decision, on_delete=models.CASCADE, related_name="statement")
    about = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.CASCADE, related_name="statements"
    )
    subject = models.CharField(max_length=16, choices=Subject)
    subject_id = models.UUIDField()
    restriction = models.CharField(max_length=20, choices=Restriction)
    limits = ArrayField(models.CharField(max_length=20, choices=Limit), default=list)
    until = models.DateTimeField(null=True, blank=True)
    ground = models.CharField(max_length=8, choices=Ground, default=Ground.TERMS)
    legal_ground = models.CharField(max_length=500, blank=True, default="")
    category = models.CharField(max_length=60, blank=True, default="")
    category_title = models.CharField(max_length=200)
    dsa_category = models.CharField(max_length=80)
    dsa_keyword = models.CharField(max_length=100, blank=True, default="")
    policy_version = models.CharField(max_length=60)
    facts = models.TextField()
    explanation = models.TextField()
    source = models.CharField(max_length=20, choices=Source)
    is_detected_automatically = models.BooleanField()
    automation = models.CharField(max_length=10, choices=Automation)
    is_synthetic = models.BooleanField(default=False)
    content_created_at = models.DateTimeField()
    is_told_at_once = models.BooleanField(default=False)
    created_at = models.DateTimeField(db_default=Now())
    mailed_at = models.DateTimeField(null=True, blank=True)
    ended_at = models.DateTimeField(null=True, blank=True)
    reversed_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        constraints = [
            models.CheckConstraint(
                name="statement_restriction_is_known",
                condition=Q(restriction__in=Restriction.values),
            ),
            models.CheckConstraint(
                name="statement_names_its_law",
                condition=Q(ground=Ground.TERMS) | ~Q(legal_ground=""),
            ),
            models.CheckConstraint(
                name="statement_explains",
                condition=~Q(explanation="") & ~Q(facts="") & ~Q(category_title=""),
            ),
        ]
        indexes = [
            models.Index(fields=["about", "-id"], name="statement_by_person"),
            models.Index(fields=["subject", "subject_id", "-id"], name="statement_by_subject"),
            models.Index(fields=["created_at", "id"], name="statement_by_time"),
        ]
