"""How clips are received, counted."""

from django.db import models

from clips.models import Clip
from feed.ranking.catalogue import RESPONSES


class ClipResponses(models.Model):
    """What viewers did with a clip, a column each of `feed.ranking.catalogue.RESPONSES`.

    A few seconds behind.  `forgotten` is what days counted that are not kept any more.
    """

    clip = models.OneToOneField(
        Clip, on_delete=models.CASCADE, primary_key=True, related_name="responses"
    )
    impressions = models.BigIntegerField(default=0, db_default=0)
    watched = models.BigIntegerField(default=0, db_default=0)
    completions = models.BigIntegerField(default=0, db_default=0)
    rewatches = models.BigIntegerField(default=0, db_default=0)
    skips = models.BigIntegerField(default=0, db_default=0)
    likes = models.BigIntegerField(default=0, db_default=0)
    comments = models.BigIntegerField(default=0, db_default=0)
    shares = models.BigIntegerField(default=0, db_default=0)
    saves = models.BigIntegerField(default=0, db_default=0)
    remixes = models.BigIntegerField(default=0, db_default=0)
    follows = models.BigIntegerField(default=0, db_default=0)
    not_interested = models.BigIntegerField(default=0, db_default=0)
    reports = models.BigIntegerField(default=0, db_default=0)
    forgotten = models.JSONField(default=dict, db_default=models.Value({}, models.JSONField()))

    class Meta:
        db_table = "feed_clip_responses"


class ResponseDelta(models.Model):
    """A change of one column of ClipResponses that is still to be added: its outbox."""

    id = models.BigAutoField(primary_key=True)
    clip = models.UUIDField()
    response = models.CharField(max_length=16, choices=[(name, name) for name in RESPONSES])
    amount = models.SmallIntegerField()

    class Meta:
        db_table = "feed_response_delta"
