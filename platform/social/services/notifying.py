"""What people do with their notifications: read them, and choose which they want."""

from collections.abc import Iterable
from datetime import datetime
from typing import Any

from django.core import signing

from accounts.models import User
from common.errors import Invalid, NotFound
from social.distribution.digests import UNSUBSCRIBE_SALT
from social.models.notifications import Kind, Notification, NotificationSettings


def read_notifications(reader: User, *, until: datetime, now: datetime) -> int:
    """Mark as read what the reader was told up to `until`, and say how many."""
    unread = Notification.objects.filter(receiver=reader, read_at=None, at__lte=until)
    return unread.update(read_at=now)


def choose_notifications(
    user: User,
    *,
    unwanted: Iterable[str] | None = None,
    wants_digest: bool | None = None,
    now: datetime,
) -> NotificationSettings:
    """Keep what the person wants to be told of.  Raises Invalid for an unknown kind."""
    row, _ = NotificationSettings.objects.get_or_create(user=user)
    changes: dict[str, Any] = {}
    if unwanted is not None:
        kinds = sorted(set(unwanted))
        if set(kinds) - set(Kind.values):
            raise Invalid(f"A kind is one of {', '.join(Kind.values)}.", field="unwanted")
        changes["unwanted"] = kinds
    if wants_digest is not None:
        changes["wants_digest"] = wants_digest
        if wants_digest and not row.wants_digest:
            changes["digest_at"] = now  # the first one tells of what happens from now on
    for name, value in changes.items():
        setattr(row, name, value)
    if changes:
        row.save(update_fields=list(changes))
    return row


def leave_digest(token: str) -> None:
    """End the digests of whom this link was mailed to; again changes nothing.  Raises NotFound."""
    NotificationSettings.objects.filter(user_id=_subscriber(token)).update(wants_digest=False)


def check_unsubscribe(token: str) -> None:
    """Pass for a link that was mailed to somebody.  Raises NotFound."""
    _subscriber(token)


def _subscriber(token: str) -> str:
    try:
        return str(signing.loads(token, salt=UNSUBSCRIBE_SALT))
    except (signing.BadSignature, ValueError) as error:
        raise NotFound("This link was not mailed to anybody.") from error
