"""A clip's place in the feed."""

from django.db import models
from django.db.models import Func, Q, Value
from pgvector.django import HalfVectorField, HnswIndex

from clips.models import Clip
from language.minilm import WIDTH


class Entry(models.Model):
    """What the feed knows of a clip that was published at least once.

    `number` is the clip's short name: sets of seen clips are sets of numbers.  `embedding` is what
    its prompt, caption and hashtags mean, at length 1; null until it is computed.  A trigger makes
    the row when a clip is published, and takes the embedding away when its words change.
    """

    clip = models.OneToOneField(
        Clip, on_delete=models.CASCADE, primary_key=True, related_name="entry"
    )
    number = models.PositiveIntegerField(
        unique=True, db_default=Func(Value("feed_entry_number"), function="nextval")
    )
    embedding = HalfVectorField(dimensions=WIDTH, null=True)

    class Meta:
        indexes = [
            HnswIndex(
                name="entry_by_meaning", fields=["embedding"], opclasses=["halfvec_cosine_ops"]
            ),
            models.Index(
                name="entry_without_meaning", fields=["number"], condition=Q(embedding=None)
            ),
        ]
