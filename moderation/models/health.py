"""Whether the detectors answer, and whether that lets anything be published."""

from django.db import models
from django.db.models.functions import Now


class DetectorHealth(models.Model):
    """How one detector did lately; `detector` is the dotted path it is configured by.

    `failures` and `answers` count what came in a row, so one of them is 0.  `is_down` goes on after
    several failures and off after several answers.  `failing_since` is when the first of the
    failures in question came; it stays while the detector is down.
    """

    detector = models.CharField(primary_key=True, max_length=200)
    is_down = models.BooleanField(default=False)
    failures = models.PositiveIntegerField(default=0)
    answers = models.PositiveIntegerField(default=0)
    last_answer_at = models.DateTimeField(null=True)
    last_failure_at = models.DateTimeField(null=True)
    failing_since = models.DateTimeField(null=True)
    problem = models.TextField(blank=True, default="")
    created_at = models.DateTimeField(db_default=Now())


class Outage(models.Model):
    """A time in which a detector was down and everything waited for a person.

    `ended_at` is null while it lasts; `rescreened_at` until what was held only because of it has
    been sent back to be judged.
    """

    id = models.BigAutoField(primary_key=True)
    detector = models.CharField(max_length=200)
    began_at = models.DateTimeField()
    ended_at = models.DateTimeField(null=True)
    rescreened_at = models.DateTimeField(null=True)

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["detector"],
                name="one_outage_of_a_detector",
                condition=models.Q(ended_at=None),
            )
        ]
