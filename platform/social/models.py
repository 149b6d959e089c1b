"""Who follows whom, what is liked, said and watched."""

from django.conf import settings
from django.db import models
from django.db.models import F, Q
from django.db.models.functions import Now

from clips.models import Clip
from common.ids import new_id


class Follow(models.Model):
    """`follower` wants to see what `followee` posts."""

    pk = models.CompositePrimaryKey("follower_id", "followee_id")
    follower = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.CASCADE, related_name="following"
    )
    followee = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.CASCADE, related_name="followers"
    )
    created_at = models.DateTimeField(db_default=Now())

    class Meta:
        constraints = [
            models.CheckConstraint(
                name="follow_is_of_another", condition=~Q(follower=F("followee"))
            ),
        ]
        indexes = [models.Index(fields=["followee"], name="follow_by_followee")]


class Like(models.Model):
    """`user` likes `clip`: the row is the truth, the clip's counter follows it."""

    pk = models.CompositePrimaryKey("user_id", "clip_id")
    user = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.CASCADE, related_name="likes"
    )
    clip = models.ForeignKey(Clip, on_delete=models.CASCADE, related_name="likes")
    created_at = models.DateTimeField(db_default=Now())

    class Meta:
        indexes = [models.Index(fields=["user", "-created_at"], name="like_by_user")]


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


class CountDelta(models.Model):
    """A change of a clip's counters that is still to be added: the counters' outbox."""

    id = models.BigAutoField(primary_key=True)
    clip = models.ForeignKey(Clip, on_delete=models.CASCADE, related_name="+")
    likes = models.SmallIntegerField(default=0)
    comments = models.SmallIntegerField(default=0)
    views = models.SmallIntegerField(default=0)
    completions = models.SmallIntegerField(default=0)
