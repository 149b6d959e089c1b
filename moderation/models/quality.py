"""What judging costs those who do it."""

from django.conf import settings
from django.db import models

from common.ids import new_id
from moderation.models.desk import ReviewItem


class ReviewerExposure(models.Model):
    """A reviewer was given an item of this severity to look at."""

    id = models.UUIDField(primary_key=True, default=new_id, editable=False)
    reviewer = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.CASCADE, related_name="exposures"
    )
    item = models.ForeignKey(ReviewItem, on_delete=models.CASCADE, related_name="exposures")
    severity = models.PositiveSmallIntegerField()
    at = models.DateTimeField()

    class Meta:
        indexes = [models.Index(fields=["reviewer", "-at"], name="exposure_by_reviewer")]
