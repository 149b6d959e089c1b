"""What serving keeps in tables: the newest artefacts, and what has to be forgotten in Valkey."""

from django.db import models
from django.db.models import Q
from django.db.models.functions import Now


class Artefact(models.Model):
    """The newest file of a kind that workers make and every process loads: `digest` names it.

    `made_at` is when its making began, so what happened later may not be in it.
    """

    name = models.CharField(max_length=40, primary_key=True)
    digest = models.CharField(max_length=64)
    size_bytes = models.PositiveBigIntegerField()
    made_at = models.DateTimeField()


class Concern(models.TextChoices):
    """Of what something changed."""

    CLIP = "clip"
    AUTHOR = "author"
    PERSON = "person"
    LOGIN = "login"


class Change(models.Model):
    """Something that Valkey may still tell otherwise; triggers write it with the change itself.

    `subject` is the id of the clip or the person, or the digest by which a login is known.
    """

    id = models.BigAutoField(primary_key=True)
    concern = models.CharField(max_length=8, choices=Concern)
    subject = models.CharField(max_length=64)
    at = models.DateTimeField(db_default=Now())

    class Meta:
        constraints = [
            models.CheckConstraint(
                name="change_concern_is_known", condition=Q(concern__in=Concern.values)
            ),
        ]
