"""What people told the feed to do, and how much of their time it may take."""

from django.conf import settings
from django.contrib.postgres.fields import ArrayField
from django.db import models
from django.db.models import F, Q
from django.db.models.functions import Now
from pgvector.django import HalfVectorField

from common.ids import new_id
from language.minilm import WIDTH

MAX_PHRASE_LENGTH = 140
MAX_WORD_LENGTH = 60
LONGEST_CAP_MINUTES = 24 * 60


def _share(*columns: str) -> Q:
    return Q(**{f"{column}__range": (0.0, 1.0) for column in columns})


class FeedSettings(models.Model):
    """A person's settings of the feed; null stands for what is usual at their age.

    The `amount_` columns say how much of each provenance state they want, from 0 (none) to 1
    (all).  The night break is in their own time zone, an IANA name; empty is not known yet.
    """

    user = models.OneToOneField(
        settings.AUTH_USER_MODEL,
        on_delete=models.CASCADE,
        primary_key=True,
        related_name="feed_settings",
    )
    is_profiled = models.BooleanField(null=True)
    plays_by_itself = models.BooleanField(null=True)
    amount_generated = models.FloatField(default=1.0)
    amount_declared = models.FloatField(default=1.0)
    amount_suspected = models.FloatField(default=1.0)
    amount_none = models.FloatField(default=1.0)
    daily_minutes = models.PositiveSmallIntegerField(null=True)
    session_minutes = models.PositiveSmallIntegerField(null=True)
    break_from = models.TimeField(null=True)
    break_to = models.TimeField(null=True)
    time_zone = models.CharField(max_length=64, blank=True, default="")
    zone_changed_at = models.DateTimeField(null=True)

    class Meta:
        constraints = [
            models.CheckConstraint(
                name="amounts_are_shares",
                condition=_share(
                    "amount_generated", "amount_declared", "amount_suspected", "amount_none"
                ),
            ),
            models.CheckConstraint(
                name="caps_are_of_a_day",
                condition=Q(daily_minutes=None) | Q(daily_minutes__range=(1, LONGEST_CAP_MINUTES)),
            ),
            models.CheckConstraint(
                name="session_caps_are_of_a_day",
                condition=Q(session_minutes=None)
                | Q(session_minutes__range=(1, LONGEST_CAP_MINUTES)),
            ),
            models.CheckConstraint(
                name="night_breaks_have_two_ends",
                condition=Q(break_from=None, break_to=None)
                | Q(break_from__isnull=False, break_to__isnull=False)
                & ~Q(break_from=F("break_to")),
            ),
        ]


class SteeringChip(models.Model):
    """A phrase of which a person wants more (`strength` > 0) or less (< 0), until `until`.

    `embedding` is what it means, at length 1; `tags` are the hashtags it names.
    """

    id = models.UUIDField(primary_key=True, default=new_id, editable=False)
    user = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.CASCADE, related_name="steering_chips"
    )
    text = models.CharField(max_length=MAX_PHRASE_LENGTH)
    strength = models.FloatField()
    embedding = HalfVectorField(dimensions=WIDTH)
    tags = ArrayField(models.CharField(max_length=MAX_WORD_LENGTH), default=list, blank=True)
    until = models.DateTimeField()
    created_at = models.DateTimeField(db_default=Now())

    class Meta:
        constraints = [
            models.CheckConstraint(
                name="chip_strength_is_signed",
                condition=Q(strength__range=(-1.0, 1.0)) & ~Q(strength=0.0),
            ),
            models.UniqueConstraint(fields=["user", "text"], name="chip_is_said_once"),
        ]


class TopicAmount(models.Model):
    """How much AI a person wants among clips about a topic, from 0 (none) to 1 (all)."""

    id = models.UUIDField(primary_key=True, default=new_id, editable=False)
    user = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.CASCADE, related_name="topic_amounts"
    )
    text = models.CharField(max_length=MAX_WORD_LENGTH)
    amount = models.FloatField()
    embedding = HalfVectorField(dimensions=WIDTH)

    class Meta:
        constraints = [
            models.CheckConstraint(name="topic_amount_is_a_share", condition=_share("amount")),
            models.UniqueConstraint(fields=["user", "text"], name="topic_is_named_once"),
        ]


class MutedWord(models.Model):
    """Clips that say `word`, in lower case, are shown to `user` in no list."""

    pk = models.CompositePrimaryKey("user_id", "word")
    user = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.CASCADE, related_name="muted_words"
    )
    word = models.CharField(max_length=MAX_WORD_LENGTH)
    created_at = models.DateTimeField(db_default=Now())


class HiddenCreator(models.Model):
    """Clips of `creator` are recommended to `user` no more; `creator` is not told."""

    pk = models.CompositePrimaryKey("user_id", "creator_id")
    user = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.CASCADE, related_name="hidden_creators"
    )
    creator = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.CASCADE, related_name="+"
    )
    created_at = models.DateTimeField(db_default=Now())

    class Meta:
        constraints = [
            models.CheckConstraint(
                name="hidden_creator_is_another", condition=~Q(user=F("creator"))
            ),
        ]


class TimeSpent(models.Model):
    """How long the feed had a person's time on a day of theirs."""

    pk = models.CompositePrimaryKey("user_id", "day")
    user = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.CASCADE, related_name="time_spent"
    )
    day = models.DateField()
    seconds = models.PositiveIntegerField()
