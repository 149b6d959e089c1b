"""Mail that is to be sent: the table is the truth, the mail server may be down for a while."""

from django.db import models
from django.db.models import Q
from django.db.models.functions import Now

from common.ids import new_id
from moderation.models.statements import Statement


class Letter(models.Model):
    """One mail, written with what it tells of and sent afterwards, at least once."""

    id = models.UUIDField(primary_key=True, default=new_id, editable=False)
    to = models.EmailField()
    title = models.CharField(max_length=200)
    text = models.TextField()
    statement = models.ForeignKey(
        Statement, on_delete=models.CASCADE, null=True, related_name="letters"
    )
    created_at = models.DateTimeField(db_default=Now())
    attempts = models.PositiveSmallIntegerField(default=0)
    try_at = models.DateTimeField()
    sent_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        indexes = [
            models.Index(fields=["try_at"], name="letter_to_send", condition=Q(sent_at=None)),
        ]
