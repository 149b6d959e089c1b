"""Feeds that others make: where their skeletons are asked for, and who reads them."""

from django.conf import settings
from django.db import models
from django.db.models.functions import Now

from common.ids import new_id

MAX_NAME_LENGTH = 60
MAX_DESCRIPTION_LENGTH = 300
MAX_URL_LENGTH = 500


class GuestFeed(models.Model):
    """A feed whose order somebody else's server decides; `url` is where it is asked for clips."""

    id = models.UUIDField(primary_key=True, default=new_id, editable=False)
    owner = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.CASCADE, related_name="guest_feeds"
    )
    name = models.CharField(max_length=MAX_NAME_LENGTH)
    description = models.CharField(max_length=MAX_DESCRIPTION_LENGTH, blank=True)
    url = models.CharField(max_length=MAX_URL_LENGTH)
    created_at = models.DateTimeField(db_default=Now())

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["owner", "url"], name="guest_feed_once_per_owner"),
        ]


class GuestReader(models.Model):
    """`reader` keeps `feed` among their own.

    `pseudonym` is what the feed's server may know them by: null until they agree to that, another
    for every feed, and a new one after they took their word back.
    """

    pk = models.CompositePrimaryKey("reader_id", "feed_id")
    reader = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.CASCADE, related_name="read_guest_feeds"
    )
    feed = models.ForeignKey(GuestFeed, on_delete=models.CASCADE, related_name="readers")
    pseudonym = models.UUIDField(null=True)
    added_at = models.DateTimeField(db_default=Now())
