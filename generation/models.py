"""Generation jobs: the table is the truth, the queue only a hint."""

from django.conf import settings
from django.contrib.postgres.fields import ArrayField
from django.db import models
from django.db.models import Q
from django.db.models.functions import Now

from clips.models import Privacy, Video
from common.ids import new_id
from common.transitions import Event
from generation.states import COMPLETED, JOB_STATES, QUEUED, UNFINISHED


class Job(models.Model):
    """A person's request for a video, and how far it has come.

    `lease_token` names the worker run that holds the job and `lease_until` when it lets go; a
    job in progress past that moment belongs to nobody and is queued again by the sweep.  `parent`
    is the video it is a remix of.  `begins_with_picture` tells that there is, or was, an
    InputPicture.  `motion` is null or JSON as `generation.motion` reads it, and
    `reading` what the engine makes of the prompt: `understood`, `taken_for`, `ignored`, or nothing.
    """

    id = models.UUIDField(primary_key=True, default=new_id, editable=False)
    owner = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.CASCADE, related_name="jobs"
    )
    state = models.CharField(
        max_length=16, choices=[(s, s) for s in sorted(JOB_STATES.states)], default=QUEUED
    )
    parent = models.ForeignKey(
        Video, on_delete=models.SET_NULL, null=True, blank=True, related_name="+"
    )
    engine = models.CharField(max_length=120)
    prompt = models.TextField()
    negative_prompt = models.TextField(blank=True, default="")
    seed = models.BigIntegerField()
    seconds = models.CharField(max_length=8)
    width = models.PositiveIntegerField()
    height = models.PositiveIntegerField()
    inference_steps = models.PositiveIntegerField()
    guidance_scale = models.FloatField()
    begins_with_picture = models.BooleanField(default=False, db_default=False)
    motion = models.JSONField(null=True, blank=True)
    reading = models.JSONField(default=dict, blank=True)
    progress = models.PositiveSmallIntegerField(default=0)
    is_to_be_posted = models.BooleanField(default=False)
    caption = models.CharField(max_length=500, blank=True, default="")
    hashtags = ArrayField(models.CharField(max_length=60), default=list, blank=True)
    privacy = models.CharField(max_length=16, choices=Privacy, default=Privacy.PUBLIC)
    video = models.OneToOneField(
        Video, on_delete=models.SET_NULL, null=True, blank=True, related_name="job"
    )
    error_code = models.CharField(max_length=60, blank=True, default="")
    error_message = models.TextField(blank=True, default="")
    lease_token = models.UUIDField(null=True, blank=True)
    lease_until = models.DateTimeField(null=True, blank=True)
    attempts = models.PositiveSmallIntegerField(default=0)
    created_at = models.DateTimeField(db_default=Now())
    started_at = models.DateTimeField(null=True, blank=True)
    completed_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        constraints = [
            models.CheckConstraint(
                name="job_state_is_known", condition=Q(state__in=sorted(JOB_STATES.states))
            ),
            models.CheckConstraint(name="job_progress_is_percent", condition=Q(progress__lte=100)),
            models.CheckConstraint(
                name="job_completed_has_its_end",
                condition=~Q(state=COMPLETED) | Q(completed_at__isnull=False),
            ),
        ]
        indexes = [
            models.Index(fields=["owner", "-id"], name="job_by_owner"),
            models.Index(
                fields=["id"], name="job_unfinished", condition=Q(state__in=sorted(UNFINISHED))
            ),
        ]


class InputPicture(models.Model):
    """The picture that a job's video begins with, a WebP of its size; kept until the job ends."""

    job = models.OneToOneField(
        Job, on_delete=models.CASCADE, primary_key=True, related_name="picture"
    )
    data = models.BinaryField()


class JobEvent(Event):
    """One move of a job."""

    job = models.ForeignKey(Job, on_delete=models.CASCADE, related_name="events")

    class Meta:
        indexes = [models.Index(fields=["job", "id"], name="job_event_by_job")]
