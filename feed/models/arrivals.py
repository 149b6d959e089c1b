"""Where people came from who opened a clip's page: counted, and nobody is named."""

from django.db import models
from django.db.models import Q

from clips.models import Clip


class CameFrom(models.TextChoices):
    """The page, here or elsewhere, that led to a clip's own page."""

    FEED = "feed"
    PROFILE = "profile"
    SEARCH = "search"
    TAG = "tag"
    CLIP = "clip"
    SHARE_LINK = "share_link"
    ELSEWHERE = "elsewhere"
    DIRECT = "direct"


class Arrival(models.Model):
    """How often a clip's page was opened on a day (UTC), from one kind of place."""

    pk = models.CompositePrimaryKey("clip_id", "day", "came_from")
    clip = models.ForeignKey(Clip, on_delete=models.CASCADE, related_name="+")
    day = models.DateField()
    came_from = models.CharField(max_length=16, choices=CameFrom)
    count = models.PositiveIntegerField()

    class Meta:
        constraints = [
            models.CheckConstraint(
                name="arrival_place_is_known", condition=Q(came_from__in=CameFrom.values)
            ),
        ]
