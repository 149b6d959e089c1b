"""Reads of people and their keys."""

import re
from datetime import datetime, timedelta
from enum import StrEnum
from hashlib import sha256
from uuid import UUID

from django.db.models import QuerySet

from accounts.models import HANDLE_PATTERN, ApiKey, User
from common.errors import NotFound

MAJORITY_YEARS = 18
LAST_USED_PRECISION = timedelta(minutes=1)


def person(handle: str) -> User:
    """The active person with this handle, in any letter case.  Raises NotFound."""
    handle = handle.lower().removeprefix("@")
    found = None
    if re.fullmatch(HANDLE_PATTERN, handle):
        found = User.objects.filter(handle=handle, is_active=True).first()
    if found is None:
        raise NotFound("There is no such person.")
    return found


def is_adult(user: User, *, now: datetime) -> bool:
    """Whether `user` is known to be 18: only the year of birth is, so it must be over."""
    return user.birth_year is not None and now.year - user.birth_year > MAJORITY_YEARS


def is_minor(user: User, *, now: datetime) -> bool:
    """Whether `user` said they are not 18 yet, or may be so; nobody who said nothing is."""
    return user.birth_year is not None and not is_adult(user, now=now)


class AgeBand(StrEnum):
    """All that is made of a year of birth."""

    ADULT = "adult"
    MINOR = "minor"
    UNKNOWN = "unknown"


def age_band(user: User, *, now: datetime) -> AgeBand:
    """Whether `user` is known to be 18, may not be, or has not said."""
    if user.birth_year is None:
        return AgeBand.UNKNOWN
    return AgeBand.ADULT if is_adult(user, now=now) else AgeBand.MINOR


def api_keys_of(owner: User) -> QuerySet[ApiKey]:
    """The owner's keys that still open something, newest first."""
    return ApiKey.objects.filter(owner=owner, revoked_at__isnull=True).order_by("-id")


def api_key_of(owner: User, key_id: UUID) -> ApiKey:
    """One of the owner's own keys, revoked or not.  Raises NotFound."""
    key = ApiKey.objects.filter(owner=owner, pk=key_id).first()
    if key is None:
        raise NotFound("There is no such key.")
    return key


def digest_of_secret(secret: str) -> str:
    """What is kept of an API key's secret: its SHA-256, in hex."""
    return sha256(secret.encode()).hexdigest()


def api_key_for(secret: str) -> ApiKey | None:
    """The key, with its owner, that `secret` belongs to; None if unknown, revoked or suspended."""
    return (
        ApiKey.objects.select_related("owner")
        .filter(digest=digest_of_secret(secret), revoked_at=None, owner__is_active=True)
        .first()
    )


def picture_url(handle: str, digest: str) -> str | None:
    """Where the person's picture is found; it changes with the picture, so it can be cached."""
    return f"/api/v1/users/{handle}/picture?v={digest[:12]}" if digest else None
