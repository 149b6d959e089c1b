"""What is said under clips."""

from django.conf import settings
from django.db import models
from django.db.models.functions import Now

from clips.models import Clip
from common.ids import new_id


class Comment(models.Model):
    """Something said under a clip; `removed_at` hides it."""

    id = models.UUIDField(primary_key=True, default=new_id, editable=False)
    clip = models.ForeignKey(Clip, on_delete=models.CASCADE, related_name="comments")
    author = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.CASCADE, related_name="comments"
    )
    text = models.CharField(max_length=500)
    created_at = models.DateTimeField(db_default=Now())
    removed_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        indexes = [models.Index(fields=["clip", "-id"], name="comment_by_clip")]
