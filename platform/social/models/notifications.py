"""What people are told of, and how."""

from django.conf import settings
from django.contrib.postgres.fields import ArrayField
from django.db import models
from django.db.models import Q
from django.db.models.functions import Now

from clips.models import Clip
from common.ids import new_id
from social.models.comments import Comment


class Kind(models.TextChoices):
    """What one can be told of."""

    FOLLOW = "follow"
    LIKE = "like"
    COMMENT = "comment"
    REPLY = "reply"
    MENTION = "mention"
    REMIX = "remix"
    PUBLISHED = "published"
    HELD = "held"
    REJECTED = "rejected"
    WITHDRAWN = "withdrawn"


class Notification(models.Model):
    """Something `receiver` is told of, once for every `key`.

    What may be seen of it is decided when it is shown.  All likes of a clip are one row, whose
    `at` is the time of the newest.
    """

    id = models.UUIDField(primary_key=True, default=new_id, editable=False)
    receiver = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.CASCADE, related_name="notifications"
    )
    kind = models.CharField(max_length=16, choices=Kind)
    key = models.CharField(max_length=120)
    actor = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.CASCADE, null=True, related_name="+"
    )
    clip = models.ForeignKey(Clip, on_delete=models.CASCADE, null=True, related_name="+")
    comment = models.ForeignKey(Comment, on_delete=models.CASCADE, null=True, related_name="+")
    at = models.DateTimeField()
    read_at = models.DateTimeField(null=True)

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["receiver", "key"], name="told_once"),
            models.CheckConstraint(
                name="notification_kind_is_known", condition=Q(kind__in=Kind.values)
            ),
        ]
        indexes = [
            models.Index(fields=["receiver", "-at", "-id"], name="notification_by_receiver"),
            models.Index(fields=["at"], name="notification_by_time"),
        ]


class NotificationSettings(models.Model):
    """What a person wants to be told of; no row is the same as a row of defaults.

    `digest_at` is when the last digest was made, or, before the first, when they were asked for.
    """

    user = models.OneToOneField(
        settings.AUTH_USER_MODEL,
        on_delete=models.CASCADE,
        primary_key=True,
        related_name="notification_settings",
    )
    unwanted = ArrayField(models.CharField(max_length=16, choices=Kind), default=list, blank=True)
    wants_digest = models.BooleanField(default=False)
    digest_at = models.DateTimeField(db_default=Now())

    class Meta:
        constraints = [
            models.CheckConstraint(
                name="unwanted_kinds_are_known", condition=Q(unwanted__contained_by=Kind.values)
            )
        ]
        indexes = [
            models.Index(fields=["digest_at"], name="digest_due", condition=Q(wants_digest=True))
        ]
