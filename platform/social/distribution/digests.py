"""The daily mail of who asked for it: what happened, and what is still unread."""

import logging
from datetime import datetime, timedelta
from smtplib import SMTPException
from uuid import UUID

from django.conf import settings
from django.core import signing
from django.core.mail import EmailMessage

from accounts.models import User
from social.models.notifications import Kind, Notification, NotificationSettings
from social.selectors.notifications import News, notifications_of, told

EVERY = timedelta(hours=24)
MOST_LINES = 10
UNSUBSCRIBE_SALT = "social.digest.unsubscribe"

WORDS = {
    Kind.FOLLOW: "{who} follows you",
    Kind.LIKE: "{who} liked your clip",
    Kind.COMMENT: "{who} commented on your clip",
    Kind.REPLY: "{who} answered you",
    Kind.MENTION: "{who} mentioned you",
    Kind.REMIX: "{who} made a clip from yours",
    Kind.PUBLISHED: "Your clip is published",
    Kind.HELD: "Your clip waits for a person to look at it",
    Kind.REJECTED: "Your clip was not published",
    Kind.WITHDRAWN: "Your clip was taken down",
}

logger = logging.getLogger(__name__)


def send_digests(*, now: datetime) -> int:
    """Mail everybody whose digest is due what they have not read; how many mails.

    Each is claimed before it is sent: who dies in between costs one person one day's digest,
    and nobody gets two.
    """
    return sum(send_digest(user_id, now=now) for user_id in _due(now=now))


def send_digest(user_id: UUID, *, now: datetime) -> bool:
    """Mail one person their digest, if it is due and there is news; whether a mail was sent."""
    row = _claimed(user_id, now=now)
    if row is None:
        return False
    user, since = row
    unread = notifications_of(user).filter(read_at=None, at__gt=since, at__lte=now)
    count = unread.count()
    if not count:
        return False
    newest = list(unread.select_related("comment").order_by("-at", "-id")[:MOST_LINES])
    mail = digest_mail(user, newest, count=count)
    try:
        mail.send()
    except (OSError, SMTPException) as error:
        logger.warning("The digest of %s can not be sent: %s", user.pk, type(error).__name__)
        return False
    return True


def digest_mail(user: User, rows: list[Notification], *, count: int) -> EmailMessage:
    """The mail, with the headers of RFC 8058, so that one press in the mail program ends it."""
    lines = [f"- {line}" for line in dict.fromkeys(_line(one) for one in told(rows, receiver=user))]
    left = count - len(rows)
    more = [f"- and {left} more"] if left > 0 else []
    leave = unsubscribe_url(user)
    text = "\n".join(
        [
            f"Hello @{user.handle},",
            "",
            "this is new for you on Reverie:",
            "",
            *lines,
            *more,
            "",
            f"See it: {settings.REVERIE_URL}/notifications",
            "",
            "-- ",
            "You asked for this mail once a day. To get it no more:",
            leave,
            "",
        ]
    )
    things = "1 thing is" if count == 1 else f"{count} things are"
    return EmailMessage(
        f"{things} new for you on Reverie",
        text,
        to=[user.email],
        headers={
            "List-Unsubscribe": f"<{leave}>",
            "List-Unsubscribe-Post": "List-Unsubscribe=One-Click",
            "Auto-Submitted": "auto-generated",
        },
    )


def unsubscribe_url(user: User) -> str:
    """The address that ends this person's digests without a login."""
    token = signing.dumps(str(user.pk), salt=UNSUBSCRIBE_SALT)
    return f"{settings.REVERIE_URL}/notifications/unsubscribe/{token}"


def sentence(news: News) -> str:
    """What happened, in one line: `@ada, @bob and 3 others liked your clip`."""
    who = [f"@{person.handle}" for person in news.people]
    if news.other_count:
        who.append("1 other" if news.other_count == 1 else f"{news.other_count} others")
    return WORDS[Kind(news.row.kind)].format(who=_and(who))


def _and(names: list[str]) -> str:
    return f"{', '.join(names[:-1])} and {names[-1]}" if len(names) > 1 else "".join(names)


def _line(news: News) -> str:
    caption = news.clip.caption if news.clip else ""
    about = f": “{caption[:60]}”" if caption and news.row.kind != Kind.FOLLOW else ""
    return f"{sentence(news)}{about}".replace("\n", " ")


def _due(*, now: datetime) -> list[UUID]:
    rows = NotificationSettings.objects.filter(wants_digest=True, digest_at__lte=now - EVERY)
    return list(rows.order_by("digest_at").values_list("user_id", flat=True))


def _claimed(user_id: UUID, *, now: datetime) -> tuple[User, datetime] | None:
    rows = NotificationSettings.objects.filter(user_id=user_id, wants_digest=True)
    row = rows.filter(user__is_active=True, digest_at__lte=now - EVERY).first()
    if row is None or not rows.filter(digest_at=row.digest_at).update(digest_at=now):
        return None
    user = User.objects.select_related(None).get(pk=user_id)
    return (user, row.digest_at) if user.email else None
