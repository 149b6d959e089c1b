"""What is searched: words of clips and of people, and hashtags; kept by triggers of the database.

A row is there exactly while its clip is published, or its person active, whatever code wrote the
change.  Who may see the clip is another question, and `visible_clips` answers it.
"""

from django.contrib.postgres.fields import ArrayField
from django.contrib.postgres.indexes import GinIndex
from django.contrib.postgres.search import SearchVectorField
from django.db import models
from django.db.models.functions import Now

from accounts.models import User
from clips.models import Clip


class ClipWords(models.Model):
    """The words of a published clip: caption and hashtags (weight A), prompt (weight B)."""

    clip = models.OneToOneField(
        Clip, on_delete=models.CASCADE, primary_key=True, related_name="searched"
    )
    words = SearchVectorField()

    class Meta:
        indexes = [GinIndex(fields=["words"], name="clip_by_words")]


class PersonWords(models.Model):
    """The words of an active person: handle and name (weight A), bio (weight C).

    `near` are hashes of the words of handle and name with one letter left out, or none: two words
    that share one are a typing mistake apart.
    """

    user = models.OneToOneField(User, on_delete=models.CASCADE, primary_key=True, related_name="+")
    words = SearchVectorField()
    near = ArrayField(models.IntegerField())

    class Meta:
        indexes = [
            GinIndex(fields=["words"], name="person_by_words"),
            GinIndex(fields=["near"], name="person_by_near"),
        ]


class TagUse(models.Model):
    """A published clip carries a hashtag."""

    pk = models.CompositePrimaryKey("tag", "clip_id")
    tag = models.CharField(max_length=60)
    clip = models.ForeignKey(Clip, on_delete=models.CASCADE, related_name="tag_uses")
    published_at = models.DateTimeField()

    class Meta:
        indexes = [
            models.Index(fields=["tag", "-published_at", "-clip"], name="tag_use_latest"),
            models.Index(fields=["-published_at"], name="tag_use_by_time"),
        ]


class TagChange(models.Model):
    """A hashtag whose figures are to be counted again: the outbox of `Tag`."""

    id = models.BigAutoField(primary_key=True)
    tag = models.CharField(max_length=60)


class Tag(models.Model):
    """A hashtag and how it is used, by what anybody may be recommended; at most a minute behind.

    `near` is as in PersonWords; `heat` is 0 for what is not trending.
    """

    name = models.CharField(max_length=60, primary_key=True)
    near = ArrayField(models.IntegerField())
    clip_count = models.PositiveIntegerField(default=0)
    author_count = models.PositiveIntegerField(default=0)
    heat = models.FloatField(default=0.0)
    counted_at = models.DateTimeField(db_default=Now())

    class Meta:
        indexes = [
            GinIndex(fields=["near"], name="tag_by_near"),
            models.Index(fields=["-heat"], name="tag_trending", condition=models.Q(heat__gt=0)),
        ]
