"""People, their keys, and the answers given to their idempotent requests."""

from typing import ClassVar

from django.contrib.auth.base_user import AbstractBaseUser, BaseUserManager
from django.contrib.auth.models import PermissionsMixin
from django.db import models
from django.db.models.functions import Lower, Now

from common.ids import new_id

HANDLE_PATTERN = r"^[a-z0-9_]{2,30}$"
MAX_NAME_LENGTH = 60
MAX_BIO_LENGTH = 300


class Role(models.TextChoices):
    """What a person may do; each role may do all that the ones before it may."""

    VIEWER = "viewer"
    CREATOR = "creator"
    MODERATOR = "moderator"
    ADMIN = "admin"


class UserQuerySet(BaseUserManager["User"]):
    """How Django finds a person by what they type at login."""

    def get_by_natural_key(self, username: str | None) -> "User":
        """The person with this handle, in any letter case."""
        return self.get(handle=(username or "").lower())


class User(AbstractBaseUser, PermissionsMixin):
    """A person: a handle others see, an e-mail they do not, and a role."""

    id = models.UUIDField(primary_key=True, default=new_id, editable=False)
    handle = models.CharField(max_length=30, unique=True)
    email = models.EmailField()
    display_name = models.CharField(max_length=MAX_NAME_LENGTH, blank=True, default="")
    bio = models.CharField(max_length=MAX_BIO_LENGTH, blank=True, default="")
    picture_digest = models.CharField(max_length=64, blank=True, default="")
    role = models.CharField(max_length=16, choices=Role, default=Role.CREATOR)
    birth_year = models.PositiveSmallIntegerField(null=True, blank=True)
    is_active = models.BooleanField(default=True)
    paused_until = models.DateTimeField(null=True, blank=True)
    is_staff = models.BooleanField(default=False)
    is_trusted_flagger = models.BooleanField(default=False)
    created_at = models.DateTimeField(db_default=Now())

    objects: ClassVar[UserQuerySet] = UserQuerySet()

    USERNAME_FIELD = "handle"
    EMAIL_FIELD = "email"
    REQUIRED_FIELDS = ["email"]

    class Meta:
        constraints = [
            models.CheckConstraint(
                name="user_handle_is_plain", condition=models.Q(handle__regex=HANDLE_PATTERN)
            ),
            models.CheckConstraint(
                name="user_role_is_known", condition=models.Q(role__in=Role.values)
            ),
            models.UniqueConstraint(Lower("email"), name="user_email_is_unique"),
        ]

    def __str__(self) -> str:
        return f"@{self.handle}"


class ApiKey(models.Model):
    """A program's key: only its SHA-256 is kept, the prefix is shown to tell keys apart."""

    id = models.UUIDField(primary_key=True, default=new_id, editable=False)
    owner = models.ForeignKey(User, on_delete=models.CASCADE, related_name="api_keys")
    name = models.CharField(max_length=60)
    prefix = models.CharField(max_length=12)
    digest = models.CharField(max_length=64, unique=True)
    created_at = models.DateTimeField(db_default=Now())
    last_used_at = models.DateTimeField(null=True, blank=True)
    revoked_at = models.DateTimeField(null=True, blank=True)


class IdempotentReply(models.Model):
    """The answer to a request that carried an Idempotency-Key, kept to be given again.

    `status` is null while the first request is still being answered; `body` is the JSON text as
    it was sent, so that a replay has the same bytes.
    """

    id = models.UUIDField(primary_key=True, default=new_id, editable=False)
    owner = models.ForeignKey(User, on_delete=models.CASCADE, related_name="+")
    key = models.CharField(max_length=255)
    fingerprint = models.CharField(max_length=64)
    status = models.PositiveSmallIntegerField(null=True)
    body = models.TextField(default="")
    created_at = models.DateTimeField(db_default=Now())

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["owner", "key"], name="one_reply_per_key"),
        ]
