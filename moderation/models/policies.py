"""The versions of the policy, and what a version in shadow would have said."""

from django.conf import settings
from django.contrib.postgres.fields import ArrayField
from django.db import models
from django.db.models import F, Q
from django.db.models.functions import Now

from common.ids import new_id
from common.transitions import Event
from moderation.models.judging import Subject, Verdict
from moderation.states import ACTIVE, DRAFT, POLICY_STATES, SHADOW


class PolicyVersion(models.Model):
    """One text of the policy; what is decided names the `version` it was decided under.

    `files` are the lists of words that the text names, by name; `sha256` is over all of it.
    A version that came from the operator's file (`is_from_file`) has no proposer; any other is
    active only by two people.
    """

    id = models.UUIDField(primary_key=True, default=new_id, editable=False)
    version = models.CharField(max_length=60, unique=True)
    sha256 = models.CharField(max_length=64)
    text = models.TextField()
    files = models.JSONField(default=dict)
    note = models.TextField(blank=True, default="")
    is_from_file = models.BooleanField(default=False)
    state = models.CharField(
        max_length=16, choices=[(s, s) for s in sorted(POLICY_STATES.states)], default=DRAFT
    )
    proposed_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.PROTECT, null=True, related_name="+"
    )
    approved_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.PROTECT, null=True, related_name="+"
    )
    proposed_at = models.DateTimeField()
    shadowed_at = models.DateTimeField(null=True)
    activated_at = models.DateTimeField(null=True)
    retired_at = models.DateTimeField(null=True)

    class Meta:
        constraints = [
            models.CheckConstraint(
                name="policy_state_is_known", condition=Q(state__in=sorted(POLICY_STATES.states))
            ),
            models.CheckConstraint(
                name="policy_active_by_two_people",
                condition=~Q(state=ACTIVE)
                | Q(is_from_file=True)
                | (
                    Q(proposed_by__isnull=False, approved_by__isnull=False)
                    & ~Q(approved_by=F("proposed_by"))
                ),
            ),
            models.UniqueConstraint(
                fields=["state"], name="one_active_policy", condition=Q(state=ACTIVE)
            ),
            models.UniqueConstraint(
                fields=["state"], name="one_policy_in_shadow", condition=Q(state=SHADOW)
            ),
        ]


class PolicyVersionEvent(Event):
    """One move of a policy version."""

    policy = models.ForeignKey(PolicyVersion, on_delete=models.CASCADE, related_name="events")

    class Meta:
        indexes = [models.Index(fields=["policy", "id"], name="policy_event_by_policy")]


class ShadowVerdict(models.Model):
    """A case in which the version in shadow would have said something else than the active one."""

    id = models.UUIDField(primary_key=True, default=new_id, editable=False)
    policy = models.ForeignKey(
        PolicyVersion, on_delete=models.CASCADE, related_name="shadow_verdicts"
    )
    active_version = models.CharField(max_length=60)
    stage = models.CharField(max_length=30)
    subject = models.CharField(max_length=16, choices=Subject)
    subject_id = models.UUIDField()
    digest = models.CharField(max_length=64)
    active_outcome = models.CharField(max_length=16, choices=Verdict)
    shadow_outcome = models.CharField(max_length=16, choices=Verdict)
    active_rules = ArrayField(models.CharField(max_length=100), default=list)
    shadow_rules = ArrayField(models.CharField(max_length=100), default=list)
    categories = ArrayField(models.CharField(max_length=60), default=list)
    created_at = models.DateTimeField(db_default=Now())

    class Meta:
        constraints = [
            models.CheckConstraint(
                name="shadow_verdict_subject_is_known", condition=Q(subject__in=Subject.values)
            ),
            models.CheckConstraint(
                name="shadow_verdict_outcomes_are_known",
                condition=Q(active_outcome__in=Verdict.values, shadow_outcome__in=Verdict.values),
            ),
        ]
        indexes = [models.Index(fields=["policy", "-id"], name="shadow_verdict_by_policy")]
