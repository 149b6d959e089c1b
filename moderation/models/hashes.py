"""What is banned, by the hashes of its files and frames, and how what is here looks.

A ban is one clip, with the hashes of its frames, or a set of pictures somebody else found.  The
frames of every judged clip are kept too, so that a ban finds what was published before it.
"""

from django.conf import settings
from django.contrib.postgres.fields import ArrayField
from django.db import models
from django.db.models import Q
from django.db.models.functions import Now

from clips.models import Clip
from common.ids import new_id

HASH_BYTES = 32


class HashBank(models.Model):
    """A named collection of bans from one source, switched off and shared as a whole.

    `version` grows with every change, so that whoever holds the bank in memory knows it is old.
    """

    id = models.UUIDField(primary_key=True, default=new_id, editable=False)
    name = models.CharField(max_length=60, unique=True)
    is_active = models.BooleanField(default=True)
    version = models.PositiveBigIntegerField(default=0)
    created_at = models.DateTimeField(db_default=Now())


class BanKind(models.TextChoices):
    """What is banned: one clip as a whole, or each of several pictures."""

    CLIP = "clip"
    PICTURES = "pictures"


class Ban(models.Model):
    """One banned clip, or one list of banned pictures.

    `digest` is the SHA-256 of the banned MP4.  `indexed_at` is null until the hashes of its frames
    are in the bank, `hunted_at` until what was published before was looked through; `attempts`
    counts the tries at the first, and `problem` says why the last one failed.
    """

    id = models.UUIDField(primary_key=True, default=new_id, editable=False)
    bank = models.ForeignKey(HashBank, on_delete=models.PROTECT, related_name="bans")
    kind = models.CharField(max_length=16, choices=BanKind)
    category = models.CharField(max_length=60)
    source = models.CharField(max_length=120)
    digest = models.CharField(max_length=64, blank=True, default="")
    clip = models.ForeignKey(Clip, on_delete=models.SET_NULL, null=True, related_name="bans")
    added_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.SET_NULL, null=True, related_name="+"
    )
    is_active = models.BooleanField(default=True)
    attempts = models.PositiveSmallIntegerField(default=0)
    problem = models.TextField(blank=True, default="")
    created_at = models.DateTimeField(db_default=Now())
    indexed_at = models.DateTimeField(null=True)
    hunted_at = models.DateTimeField(null=True)

    class Meta:
        constraints = [
            models.CheckConstraint(name="ban_kind_is_known", condition=Q(kind__in=BanKind.values)),
            models.UniqueConstraint(
                fields=["bank", "digest"],
                name="one_ban_of_a_file",
                condition=Q(kind=BanKind.CLIP, is_active=True),
            ),
        ]
        indexes = [
            models.Index(
                fields=["created_at"],
                name="ban_unfinished",
                condition=Q(is_active=True) & (Q(indexed_at=None) | Q(hunted_at=None)),
            )
        ]


class HashKind(models.TextChoices):
    """What a hash is of: the bytes of a file, or the look of a picture."""

    SHA256 = "sha256"
    PDQ = "pdq"


class BannedHash(models.Model):
    """One hash of a ban: 32 bytes either way.

    For a frame of a banned clip, `seconds` is its time in the clip and `variant` says how it was
    mirrored and cropped before it was hashed.
    """

    id = models.BigAutoField(primary_key=True)
    ban = models.ForeignKey(Ban, on_delete=models.CASCADE, related_name="hashes")
    kind = models.CharField(max_length=8, choices=HashKind)
    value = models.BinaryField(max_length=HASH_BYTES)
    seconds = models.FloatField(null=True)
    variant = models.CharField(max_length=20, blank=True, default="")

    class Meta:
        constraints = [
            models.CheckConstraint(
                name="banned_hash_kind_is_known", condition=Q(kind__in=HashKind.values)
            ),
            models.UniqueConstraint(
                fields=["ban", "kind", "value"], name="one_banned_hash_of_a_ban"
            ),
        ]
        indexes = [models.Index(fields=["kind", "value"], name="banned_hash_by_value")]


class ClipHash(models.Model):
    """How the frames of a judged clip's file look: `values` is 32 bytes of PDQ for each.

    `seconds` and `qualities` (PDQ, 0 to 100) have one number for each frame, in order of time.
    """

    clip = models.OneToOneField(
        Clip, on_delete=models.CASCADE, related_name="frame_hashes", primary_key=True
    )
    digest = models.CharField(max_length=64)
    values = models.BinaryField()
    seconds = ArrayField(models.FloatField(), default=list)
    qualities = ArrayField(models.PositiveSmallIntegerField(), default=list)
    hashed_at = models.DateTimeField(db_default=Now())

    class Meta:
        indexes = [models.Index(fields=["digest"], name="clip_hash_by_digest")]
