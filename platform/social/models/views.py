"""What was watched."""

from django.conf import settings
from django.db import models
from django.db.models.functions import Now

from clips.models import Clip
from common.ids import new_id


class View(models.Model):
    """One viewing of a clip, as the page reported it; `viewer` is null for a visitor."""

    id = models.UUIDField(primary_key=True, default=new_id, editable=False)
    clip = models.ForeignKey(Clip, on_delete=models.CASCADE, related_name="views")
    viewer = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.CASCADE, null=True, related_name="views"
    )
    watched_seconds = models.FloatField()
    completed = models.BooleanField()
    created_at = models.DateTimeField(db_default=Now())

    class Meta:
        indexes = [models.Index(fields=["viewer", "clip"], name="view_by_viewer")]


class ActiveMonth(models.Model):
    """`user` watched something in the month that begins at `month`: all that reach is counted by.

    Not what they watched: that is also kept of who is not profiled.
    """

    pk = models.CompositePrimaryKey("user_id", "month")
    user = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.CASCADE, related_name="+")
    month = models.DateField()

    class Meta:
        indexes = [models.Index(fields=["month"], name="active_by_month")]
