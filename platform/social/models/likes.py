"""What is liked."""

from django.conf import settings
from django.db import models
from django.db.models.functions import Now

from clips.models import Clip


class Like(models.Model):
    """`user` likes `clip`: the row is the truth, the clip's counter follows it."""

    pk = models.CompositePrimaryKey("user_id", "clip_id")
    user = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.CASCADE, related_name="likes"
    )
    clip = models.ForeignKey(Clip, on_delete=models.CASCADE, related_name="likes", db_index=False)
    created_at = models.DateTimeField(db_default=Now())

    class Meta:
        indexes = [
            models.Index(fields=["user", "-created_at"], name="like_by_user"),
            models.Index(fields=["clip", "-created_at"], name="like_by_clip"),
        ]
