"""Videos (stored, marked files), and clips (videos put before other people)."""

from django.conf import settings
from django.contrib.postgres.fields import ArrayField
from django.contrib.postgres.indexes import GinIndex
from django.db import models
from django.db.models import F, Q
from django.db.models.functions import Now

from clips.states import CLIP_STATES, PUBLISHED, SUBMITTED
from common.ids import new_id
from common.transitions import Event


class Provenance(models.TextChoices):
    """How much a clip is known to owe to a machine."""

    GENERATED = "generated"
    DECLARED = "declared"
    SUSPECTED = "suspected"
    NONE = "none"


class Origin(models.TextChoices):
    """How a video came here."""

    MADE = "made"
    UPLOADED = "uploaded"


class Privacy(models.TextChoices):
    """Who may see a published clip."""

    PUBLIC = "public"
    MUTUALS = "mutuals"
    FOLLOWERS = "followers"
    ONLY_ME = "only_me"


class Limit(models.TextChoices):
    """How a published clip may be shown less than others."""

    AGE_GATE = "age_gate"
    NO_RECOMMENDATION = "no_recommendation"
    BLURRED = "blurred"


class RenditionKind(models.TextChoices):
    """What a stored file of a video is."""

    MP4 = "mp4"
    HLS_PLAYLIST = "hls_playlist"
    HLS_INIT = "hls_init"
    HLS_SEGMENT = "hls_segment"
    POSTER = "poster"
    SPRITESHEET = "spritesheet"


class Video(models.Model):
    """A marked and stored video; `digest` is the SHA-256 of its MP4.

    One that was made here has an engine, a prompt and a seed; one that was uploaded has none of
    them.  `digital_source_type` is empty where nothing is known of it.  `parent` is the video whose
    words this one began with: it is a remix.  `is_from_words` tells that the engine was shown no
    picture: whatever it looks like, it is no copy.
    """

    id = models.UUIDField(primary_key=True, default=new_id, editable=False)
    owner = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.CASCADE, related_name="videos"
    )
    parent = models.ForeignKey(
        "self", on_delete=models.SET_NULL, null=True, blank=True, related_name="remixes"
    )
    origin = models.CharField(max_length=16, choices=Origin, default=Origin.MADE)
    prompt = models.TextField(blank=True, default="")
    engine = models.CharField(max_length=120, blank=True, default="")
    seed = models.BigIntegerField(null=True, blank=True)
    digest = models.CharField(max_length=64)
    width = models.PositiveIntegerField()
    height = models.PositiveIntegerField()
    frame_count = models.PositiveIntegerField()
    duration_seconds = models.FloatField()
    provenance = models.CharField(max_length=16, choices=Provenance, default=Provenance.GENERATED)
    digital_source_type = models.CharField(max_length=120, blank=True, default="")
    is_from_words = models.BooleanField(default=False, db_default=False)
    created_at = models.DateTimeField(db_default=Now())

    class Meta:
        constraints = [
            models.CheckConstraint(
                name="video_provenance_is_known", condition=Q(provenance__in=Provenance.values)
            ),
            models.CheckConstraint(
                name="video_made_by_an_engine_or_uploaded",
                condition=Q(origin=Origin.MADE, seed__isnull=False) & ~Q(engine="")
                | Q(origin=Origin.UPLOADED, seed__isnull=True, engine="", prompt=""),
            ),
            models.CheckConstraint(
                name="video_of_words_was_made_here",
                condition=Q(is_from_words=False) | Q(origin=Origin.MADE),
            ),
            models.CheckConstraint(
                name="video_is_no_remix_of_itself",
                condition=Q(parent__isnull=True) | ~Q(parent=F("id")),
            ),
        ]


class Watermark(models.Model):
    """The id in a video's picture; kept when the video is gone, so that it can still be told.

    Nothing in it names a person.
    """

    number = models.BigIntegerField(primary_key=True)
    key_name = models.CharField(max_length=40)
    video = models.OneToOneField(
        Video, on_delete=models.SET_NULL, null=True, related_name="watermark"
    )
    engine = models.CharField(max_length=120, blank=True, default="")
    provenance = models.CharField(max_length=16, choices=Provenance, default=Provenance.GENERATED)
    made_at = models.DateTimeField()

    class Meta:
        constraints = [
            models.CheckConstraint(
                name="watermark_has_48_bits", condition=Q(number__gte=0, number__lt=1 << 48)
            ),
            models.CheckConstraint(
                name="watermark_provenance_is_known",
                condition=Q(provenance__in=Provenance.values),
            ),
        ]


class Rendition(models.Model):
    """One stored file of a video, found in the object store under its SHA-256."""

    id = models.UUIDField(primary_key=True, default=new_id, editable=False)
    video = models.ForeignKey(Video, on_delete=models.CASCADE, related_name="renditions")
    kind = models.CharField(max_length=16, choices=RenditionKind)
    name = models.CharField(max_length=60)
    digest = models.CharField(max_length=64)
    size_bytes = models.PositiveBigIntegerField()
    content_type = models.CharField(max_length=60)

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["video", "name"], name="rendition_name_is_unique"),
            models.CheckConstraint(
                name="rendition_kind_is_known", condition=Q(kind__in=RenditionKind.values)
            ),
        ]
        indexes = [models.Index(fields=["digest"], name="rendition_by_digest")]


class Clip(models.Model):
    """A video its author put before other people.

    `digest` names the file to be judged and `allowed_digest` the file moderation allowed: the
    database itself refuses a published clip in which they differ.
    """

    id = models.UUIDField(primary_key=True, default=new_id, editable=False)
    video = models.OneToOneField(Video, on_delete=models.CASCADE, related_name="clip")
    author = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.CASCADE, related_name="clips"
    )
    caption = models.CharField(max_length=500, blank=True, default="")
    hashtags = ArrayField(models.CharField(max_length=60), default=list, blank=True)
    privacy = models.CharField(max_length=16, choices=Privacy, default=Privacy.PUBLIC)
    state = models.CharField(
        max_length=16, choices=[(s, s) for s in sorted(CLIP_STATES.states)], default=SUBMITTED
    )
    limits = ArrayField(models.CharField(max_length=20, choices=Limit), default=list, blank=True)
    is_kept_from_minors = models.BooleanField(default=False)
    allows_remixes = models.BooleanField(default=True, db_default=True)
    reason = models.TextField(blank=True, default="")
    digest = models.CharField(max_length=64)
    allowed_digest = models.CharField(max_length=64, blank=True, default="")
    lease_token = models.UUIDField(null=True, blank=True)
    lease_until = models.DateTimeField(null=True, blank=True)
    attempts = models.PositiveSmallIntegerField(default=0)
    created_at = models.DateTimeField(db_default=Now())
    published_at = models.DateTimeField(null=True, blank=True)
    like_count = models.PositiveIntegerField(default=0)
    comment_count = models.PositiveIntegerField(default=0)
    view_count = models.PositiveIntegerField(default=0)
    completion_count = models.PositiveIntegerField(default=0)

    class Meta:
        constraints = [
            models.CheckConstraint(
                name="clip_state_is_known", condition=Q(state__in=sorted(CLIP_STATES.states))
            ),
            models.CheckConstraint(
                name="clip_privacy_is_known", condition=Q(privacy__in=Privacy.values)
            ),
            models.CheckConstraint(
                name="clip_limits_are_known", condition=Q(limits__contained_by=Limit.values)
            ),
            models.CheckConstraint(
                name="clip_published_only_as_allowed",
                condition=~Q(state=PUBLISHED)
                | Q(allowed_digest=F("digest"), published_at__isnull=False),
            ),
        ]
        indexes = [
            models.Index(
                fields=["-published_at", "-id"],
                name="clip_latest",
                condition=Q(state=PUBLISHED, privacy=Privacy.PUBLIC),
            ),
            models.Index(fields=["author", "-published_at", "-id"], name="clip_by_author"),
            models.Index(fields=["state", "lease_until"], name="clip_to_sweep"),
            GinIndex(fields=["hashtags"], name="clip_by_hashtag"),
        ]


class ClipEvent(Event):
    """One move of a clip."""

    clip = models.ForeignKey(Clip, on_delete=models.CASCADE, related_name="events")

    class Meta:
        indexes = [models.Index(fields=["clip", "id"], name="clip_event_by_clip")]
