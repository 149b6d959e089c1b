"""Changes of counters that are still to be added."""

from django.db import models

from clips.models import Clip


class CountDelta(models.Model):
    """A change of a clip's counters that is still to be added: the counters' outbox."""

    id = models.BigAutoField(primary_key=True)
    clip = models.ForeignKey(Clip, on_delete=models.CASCADE, related_name="+")
    likes = models.SmallIntegerField(default=0)
    comments = models.SmallIntegerField(default=0)
    views = models.SmallIntegerField(default=0)
    completions = models.SmallIntegerField(default=0)
