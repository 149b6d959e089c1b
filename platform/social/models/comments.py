"""What is said under clips."""

from django.conf import settings
from django.db import models
from django.db.models import Q
from django.db.models.functions import Now

from clips.models import Clip
from common.ids import new_id


class Comment(models.Model):
    """Something said under a clip; `removed_at` hides it.

    An answer has `reply_to`, which is never an answer itself: threads are one level deep.
    """

    id = models.UUIDField(primary_key=True, default=new_id, editable=False)
    clip = models.ForeignKey(Clip, on_delete=models.CASCADE, related_name="comments")
    author = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.CASCADE, related_name="comments"
    )
    reply_to = models.ForeignKey(
        "self", on_delete=models.CASCADE, null=True, blank=True, related_name="replies"
    )
    text = models.CharField(max_length=500)
    created_at = models.DateTimeField(db_default=Now())
    removed_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        indexes = [
            models.Index(fields=["clip", "-id"], name="comment_by_clip"),
            models.Index(
                fields=["reply_to", "id"],
                name="comment_by_thread",
                condition=Q(reply_to__isnull=False),
            ),
        ]
