"""What the machines saw and what was decided, by a machine or by a person."""

from django.conf import settings
from django.contrib.postgres.fields import ArrayField
from django.db import models
from django.db.models import Q
from django.db.models.functions import Now

from clips.models import Limit
from common.ids import new_id


class Subject(models.TextChoices):
    """What a signal or a decision is about."""

    PROMPT = "prompt"
    PICTURE = "picture"
    CLIP = "clip"
    COMMENT = "comment"
    ACCOUNT = "account"


class Verdict(models.TextChoices):
    """What is to happen with the subject."""

    ALLOW = "allow"
    LIMIT = "limit"
    REVIEW = "review"
    BLOCK = "block"


class Source(models.TextChoices):
    """How something came to be judged."""

    OWN_INITIATIVE = "own_initiative"
    NOTICE = "notice"
    TRUSTED_FLAGGER = "trusted_flagger"
    TAKEDOWN_REQUEST = "takedown_request"
    APPEAL = "appeal"


class Restriction(models.TextChoices):
    """What a decision takes from a person: each is one of the things DSA Art. 17 names."""

    CLIP_HELD = "clip_held"
    CLIP_REJECTED = "clip_rejected"
    CLIP_WITHDRAWN = "clip_withdrawn"
    CLIP_LIMITED = "clip_limited"
    CAPTION_REFUSED = "caption_refused"
    PROMPT_REFUSED = "prompt_refused"
    PICTURE_REFUSED = "picture_refused"
    COMMENT_REFUSED = "comment_refused"
    COMMENT_REMOVED = "comment_removed"
    PROFILE_REFUSED = "profile_refused"
    PROFILE_REMOVED = "profile_removed"
    ACCOUNT_PAUSED = "account_paused"
    ACCOUNT_TERMINATED = "account_terminated"


class Signal(models.Model):
    """One detector's answer about one subject.

    `digest` is the SHA-256 of what was looked at (an MP4, a picture, or a prompt's UTF-8); `score`
    is in 0-1, and null when the detector failed, which `evidence["error"]` then tells.
    """

    id = models.UUIDField(primary_key=True, default=new_id, editable=False)
    subject = models.CharField(max_length=16, choices=Subject)
    subject_id = models.UUIDField()
    digest = models.CharField(max_length=64)
    detector = models.CharField(max_length=60)
    detector_version = models.CharField(max_length=60)
    category = models.CharField(max_length=60)
    score = models.FloatField(null=True)
    evidence = models.JSONField(default=dict)
    latency_milliseconds = models.FloatField()
    created_at = models.DateTimeField(db_default=Now())

    class Meta:
        constraints = [
            models.CheckConstraint(
                name="signal_subject_is_known", condition=Q(subject__in=Subject.values)
            ),
            models.UniqueConstraint(
                fields=[
                    "subject",
                    "subject_id",
                    "digest",
                    "detector",
                    "detector_version",
                    "category",
                ],
                name="one_signal_per_detector",
            ),
        ]


UNDONE = "undone"
"""Among a decision's rules: a reviewer took a removal back, and allowed nothing by that."""


class Decision(models.Model):
    """A verdict on exactly one content (`digest`) under exactly one policy version.

    `decided_by` is null for a machine.  `reason` is written for the person it concerns.
    `restriction` is what it takes from them; then the database wants a statement of reasons in
    the same transaction (the trigger `decision_has_its_statement`).
    """

    id = models.UUIDField(primary_key=True, default=new_id, editable=False)
    subject = models.CharField(max_length=16, choices=Subject)
    subject_id = models.UUIDField()
    digest = models.CharField(max_length=64)
    verdict = models.CharField(max_length=16, choices=Verdict)
    policy_version = models.CharField(max_length=60)
    rules = models.JSONField(default=list)
    categories = ArrayField(models.CharField(max_length=60), default=list)
    limits = ArrayField(models.CharField(max_length=20, choices=Limit), default=list)
    restriction = models.CharField(max_length=20, choices=Restriction, blank=True, default="")
    is_strike = models.BooleanField(default=False)
    source = models.CharField(max_length=20, choices=Source, default=Source.OWN_INITIATIVE)
    reason = models.TextField(blank=True, default="")
    about = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.CASCADE, related_name="decisions_received"
    )
    decided_by = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        on_delete=models.SET_NULL,
        null=True,
        related_name="decisions_made",
    )
    created_at = models.DateTimeField(db_default=Now())

    class Meta:
        constraints = [
            models.CheckConstraint(
                name="decision_subject_is_known", condition=Q(subject__in=Subject.values)
            ),
            models.CheckConstraint(
                name="decision_verdict_is_known", condition=Q(verdict__in=Verdict.values)
            ),
            models.CheckConstraint(
                name="decision_source_is_known", condition=Q(source__in=Source.values)
            ),
            models.CheckConstraint(
                name="decision_limits_are_known", condition=Q(limits__contained_by=Limit.values)
            ),
            models.CheckConstraint(
                name="decision_restriction_is_known",
                condition=Q(restriction__in=["", *Restriction.values]),
            ),
            models.CheckConstraint(
                name="decision_block_restricts",
                condition=~Q(verdict=Verdict.BLOCK) | ~Q(restriction=""),
            ),
            models.CheckConstraint(
                name="decision_allow_restricts_nothing",
                condition=~Q(verdict=Verdict.ALLOW) | Q(restriction=""),
            ),
        ]
        indexes = [
            models.Index(fields=["subject", "subject_id", "-id"], name="decision_by_subject")
        ]
