"""What was done and by whom: rows that are added, chained by their hashes, and never changed."""

from django.db import models
from django.db.models.functions import Now

from common.ids import new_id


class AuditEntry(models.Model):
    """One act.  `seq`, `prev_hash` and `hash` are written by the database when the act commits.

    `actor` is a person's id, `machine` or `operator`; `payload` is canonical JSON without personal
    data.  The hash covers every other column; `prev_hash` is the hash of the row before.
    """

    id = models.UUIDField(primary_key=True, default=new_id, editable=False)
    seq = models.BigIntegerField(null=True, unique=True)
    at = models.DateTimeField(db_default=Now())
    actor = models.CharField(max_length=40)
    action = models.CharField(max_length=60)
    subject = models.CharField(max_length=16)
    subject_id = models.CharField(max_length=80)
    payload = models.TextField()
    prev_hash = models.CharField(max_length=64, null=True)  # noqa: DJ001 - null until committed
    hash = models.CharField(max_length=64, null=True)  # noqa: DJ001 - null until committed

    class Meta:
        indexes = [
            models.Index(fields=["subject", "subject_id"], name="audit_by_subject"),
            models.Index(fields=["action", "at"], name="audit_by_action"),
        ]
