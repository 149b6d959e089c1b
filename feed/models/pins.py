"""What people show first on their page."""

from django.db import models
from django.db.models import Q

from accounts.models import User
from clips.models import Clip

MOST_PINS = 3


class Pin(models.Model):
    """A clip its author shows first; `place` counts from 1."""

    clip = models.OneToOneField(Clip, on_delete=models.CASCADE, primary_key=True, related_name="+")
    author = models.ForeignKey(User, on_delete=models.CASCADE, related_name="+")
    place = models.PositiveSmallIntegerField()

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["author", "place"],
                name="one_pin_a_place",
                deferrable=models.Deferrable.DEFERRED,
            ),
            models.CheckConstraint(
                name="pin_has_its_place", condition=Q(place__gte=1, place__lte=MOST_PINS)
            ),
        ]
