"""Short links that count how often they are followed."""

from django.conf import settings
from django.db import models
from django.db.models.functions import Now

from clips.models import Clip


class ShareLink(models.Model):
    """The link under which `sharer` passes `clip` on; `sharer` is null for all visitors together.

    Nothing is kept of who follows it.
    """

    token = models.CharField(max_length=12, primary_key=True)
    clip = models.ForeignKey(Clip, on_delete=models.CASCADE, related_name="share_links")
    sharer = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.CASCADE, null=True, related_name="+"
    )
    visit_count = models.PositiveIntegerField(default=0)
    created_at = models.DateTimeField(db_default=Now())

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["clip", "sharer"],
                nulls_distinct=False,
                name="one_share_link_per_clip_and_sharer",
            )
        ]
