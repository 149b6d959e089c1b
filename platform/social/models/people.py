"""Who follows, blocks and mutes whom."""

from django.conf import settings
from django.db import models
from django.db.models import F, Q
from django.db.models.functions import Now


class Follow(models.Model):
    """`follower` wants to see what `followee` posts."""

    pk = models.CompositePrimaryKey("follower_id", "followee_id")
    follower = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.CASCADE, related_name="following"
    )
    followee = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.CASCADE, related_name="followers"
    )
    created_at = models.DateTimeField(db_default=Now())

    class Meta:
        constraints = [
            models.CheckConstraint(
                name="follow_is_of_another", condition=~Q(follower=F("followee"))
            ),
        ]
        indexes = [models.Index(fields=["followee"], name="follow_by_followee")]


class Block(models.Model):
    """`blocker` and `blocked` see nothing of each other: neither clips nor words nor names."""

    pk = models.CompositePrimaryKey("blocker_id", "blocked_id")
    blocker = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.CASCADE, related_name="blocks"
    )
    blocked = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.CASCADE, related_name="blocked_by"
    )
    created_at = models.DateTimeField(db_default=Now())

    class Meta:
        constraints = [
            models.CheckConstraint(name="block_is_of_another", condition=~Q(blocker=F("blocked"))),
        ]
        indexes = [models.Index(fields=["blocked"], name="block_by_blocked")]


class Mute(models.Model):
    """`muter` is shown nothing of `muted` in any list; `muted` is not told."""

    pk = models.CompositePrimaryKey("muter_id", "muted_id")
    muter = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.CASCADE, related_name="mutes"
    )
    muted = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.CASCADE, related_name="+")
    created_at = models.DateTimeField(db_default=Now())

    class Meta:
        constraints = [
            models.CheckConstraint(name="mute_is_of_another", condition=~Q(muter=F("muted"))),
        ]
