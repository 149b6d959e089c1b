"""What people keep to find again."""

from django.conf import settings
from django.db import models
from django.db.models.functions import Now

from clips.models import Clip
from common.ids import new_id

MAX_TITLE_LENGTH = 60


class SavedClip(models.Model):
    """`user` keeps `clip`; nobody else learns it, except through a public collection."""

    pk = models.CompositePrimaryKey("user_id", "clip_id")
    user = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.CASCADE, related_name="+")
    clip = models.ForeignKey(Clip, on_delete=models.CASCADE, related_name="+")
    created_at = models.DateTimeField(db_default=Now())

    class Meta:
        indexes = [models.Index(fields=["user", "-created_at", "-clip"], name="saved_by_user")]


class Collection(models.Model):
    """Some of its owner's saved clips under a title; others see it only when it is public."""

    id = models.UUIDField(primary_key=True, default=new_id, editable=False)
    owner = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.CASCADE, related_name="collections"
    )
    title = models.CharField(max_length=MAX_TITLE_LENGTH)
    is_public = models.BooleanField(default=False)
    created_at = models.DateTimeField(db_default=Now())

    class Meta:
        indexes = [models.Index(fields=["owner", "-id"], name="collection_by_owner")]


class CollectedClip(models.Model):
    """A clip's place in a collection."""

    pk = models.CompositePrimaryKey("collection_id", "clip_id")
    collection = models.ForeignKey(Collection, on_delete=models.CASCADE, related_name="entries")
    clip = models.ForeignKey(Clip, on_delete=models.CASCADE, related_name="+")
    created_at = models.DateTimeField(db_default=Now())

    class Meta:
        indexes = [
            models.Index(
                fields=["collection", "-created_at", "-clip"], name="collected_by_collection"
            )
        ]
