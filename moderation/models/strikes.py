"""What counts against an account, and for how long."""

from django.conf import settings
from django.db import models
from django.db.models import Q
from django.db.models.functions import Now

from common.ids import new_id
from moderation.models.judging import Decision
from moderation.models.statements import Statement


class Strike(models.Model):
    """A decision that counts against somebody until it expires or is revoked.

    `weight` is how many strikes it counts as.
    """

    id = models.UUIDField(primary_key=True, default=new_id, editable=False)
    user = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.CASCADE, related_name="strikes"
    )
    decision = models.OneToOneField(Decision, on_delete=models.CASCADE, related_name="strike")
    statement = models.OneToOneField(Statement, on_delete=models.CASCADE, related_name="strike")
    weight = models.PositiveSmallIntegerField(default=1)
    created_at = models.DateTimeField(db_default=Now())
    expires_at = models.DateTimeField()
    revoked_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        constraints = [
            models.CheckConstraint(name="strike_weighs", condition=Q(weight__gte=1)),
        ]
        indexes = [
            models.Index(
                fields=["user", "expires_at"],
                name="strike_standing",
                condition=Q(revoked_at=None),
            ),
        ]
