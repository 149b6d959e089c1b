"""What was served to whom, and why: partitioned by day, like the events."""

from django.db import models

from accounts.models import User
from clips.models import Clip


class Impression(models.Model):
    """A clip on a page that was served, with all that `feed.ranking.picks.Pick` says of it.

    `viewer` is null where nobody is to be known.  `model` names what was ranked with.
    """

    pk = models.CompositePrimaryKey("day", "request", "clip_id")
    day = models.DateField()
    request = models.UUIDField()
    clip = models.ForeignKey(
        Clip, on_delete=models.DO_NOTHING, db_constraint=False, db_index=False, related_name="+"
    )
    number = models.PositiveIntegerField()
    position = models.PositiveSmallIntegerField()
    viewer = models.ForeignKey(
        User,
        on_delete=models.DO_NOTHING,
        db_constraint=False,
        db_index=False,
        null=True,
        related_name="+",
    )
    at = models.DateTimeField()
    sources = models.JSONField(default=dict)
    factors = models.JSONField(default=dict)
    score = models.FloatField()
    propensity = models.FloatField(default=1.0)
    is_exploration = models.BooleanField(default=False)
    model = models.CharField(max_length=60, blank=True, default="")

    class Meta:
        db_table = "feed_impression"
        indexes = [
            models.Index(fields=["viewer", "clip", "-at"], name="impression_by_viewer"),
            models.Index(fields=["clip"], name="impression_by_clip"),
        ]
