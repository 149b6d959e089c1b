"""Uploads: the table is the truth, the queue only a hint."""

from django.conf import settings
from django.contrib.postgres.fields import ArrayField
from django.db import models
from django.db.models import Q
from django.db.models.functions import Now

from clips.models import Privacy, Provenance, Video
from common.ids import new_id
from common.transitions import Event
from uploads.states import COMPLETED, RECEIVED, UNFINISHED, UPLOAD_STATES


class Upload(models.Model):
    """A person's own video file, and how far it is on the road to a clip.

    `digest` is the SHA-256 of the file as it came, which is kept aside until the upload is
    finished (`has_original`).  `is_declared` is what its owner says: made or changed with AI, with
    `tool`.  `provenance` and `signs` are what was read in the file, and empty until then.
    `lease_token` names the worker run that holds the upload and `lease_until` when it lets go.
    """

    id = models.UUIDField(primary_key=True, default=new_id, editable=False)
    owner = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.CASCADE, related_name="uploads"
    )
    state = models.CharField(
        max_length=16, choices=[(s, s) for s in sorted(UPLOAD_STATES.states)], default=RECEIVED
    )
    name = models.CharField(max_length=120, blank=True, default="")
    digest = models.CharField(max_length=64)
    size_bytes = models.PositiveBigIntegerField()
    has_original = models.BooleanField(default=True)
    caption = models.CharField(max_length=500, blank=True, default="")
    hashtags = ArrayField(models.CharField(max_length=60), default=list, blank=True)
    privacy = models.CharField(max_length=16, choices=Privacy, default=Privacy.PUBLIC)
    is_declared = models.BooleanField()
    tool = models.CharField(max_length=120, blank=True, default="")
    provenance = models.CharField(max_length=16, choices=Provenance, blank=True, default="")
    signs = models.JSONField(default=list, blank=True)
    video = models.OneToOneField(
        Video, on_delete=models.SET_NULL, null=True, blank=True, related_name="upload"
    )
    error_code = models.CharField(max_length=60, blank=True, default="")
    error_message = models.TextField(blank=True, default="")
    lease_token = models.UUIDField(null=True, blank=True)
    lease_until = models.DateTimeField(null=True, blank=True)
    attempts = models.PositiveSmallIntegerField(default=0)
    created_at = models.DateTimeField(db_default=Now())
    completed_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        constraints = [
            models.CheckConstraint(
                name="upload_state_is_known", condition=Q(state__in=sorted(UPLOAD_STATES.states))
            ),
            models.CheckConstraint(
                name="upload_provenance_is_known",
                condition=Q(provenance__in=["", *Provenance.values]),
            ),
            models.CheckConstraint(
                name="upload_unfinished_has_its_original",
                condition=~Q(state__in=sorted(UNFINISHED)) | Q(has_original=True),
            ),
            models.CheckConstraint(
                name="upload_completed_has_its_end",
                condition=~Q(state=COMPLETED) | Q(completed_at__isnull=False),
            ),
        ]
        indexes = [
            models.Index(fields=["owner", "-id"], name="upload_by_owner"),
            models.Index(
                fields=["id"], name="upload_unfinished", condition=Q(state__in=sorted(UNFINISHED))
            ),
            models.Index(
                fields=["digest"], name="upload_by_original", condition=Q(has_original=True)
            ),
        ]


class UploadEvent(Event):
    """One move of an upload."""

    upload = models.ForeignKey(Upload, on_delete=models.CASCADE, related_name="events")

    class Meta:
        indexes = [models.Index(fields=["upload", "id"], name="upload_event_by_upload")]
