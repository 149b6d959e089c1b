"""The mails that tell people what was decided; sent later, by `manage.py work`."""

import logging
from datetime import datetime, timedelta
from smtplib import SMTPException

from django.conf import settings
from django.core.mail import send_mail
from django.db import transaction

from moderation.models.letters import Letter
from moderation.models.statements import Statement
from moderation.policy.reasons import headline, limits_in_words
from moderation.selectors.statements import APPEAL_DAYS, statement_url

FOOT = "Reverie, {url}\nYou get this mail because the law wants you to be told."

FIRST_WAIT, LONGEST_WAIT = timedelta(minutes=1), timedelta(days=1)
KEPT = timedelta(days=30)
REDRESS = (
    f"If you think this is wrong, you can appeal within {APPEAL_DAYS} days, free of charge; a "
    "person who has not decided before will look at it. You may also turn to a certified "
    "out-of-court dispute settlement body, or to a court."
)

logger = logging.getLogger(__name__)


def write_letter(
    to: str, *, title: str, text: str, statement: Statement | None = None, now: datetime
) -> None:
    """Put a mail on its way, if there is an address; the caller owns the transaction."""
    if to:
        foot = FOOT.format(url=settings.REVERIE_URL)
        Letter.objects.create(
            to=to,
            title=title,
            text=f"{text}\n\n-- \n{foot}\n",
            statement=statement,
            created_at=now,
            try_at=now,
        )


def write_statement_letter(statement: Statement, *, now: datetime) -> None:
    """The statement of reasons by mail, whole: DSA Art. 17(3) and (4)."""
    title = headline(statement.restriction)
    limits = limits_in_words(frozenset(statement.limits))
    parts = [
        f"{title}.",
        "How: " + "; ".join(limits) + "." if limits else "",
        f"Until {statement.until:%d %B %Y, %H:%M} UTC." if statement.until else "",
        f"Why: {statement.explanation}",
        f"What we looked at: {statement.facts}",
        _ground_in_words(statement),
        REDRESS,
        f"Everything about this decision, and the appeal:\n{statement_url(statement)}",
    ]
    text = "\n\n".join(part for part in parts if part)
    write_letter(statement.about.email, title=title, text=text, statement=statement, now=now)


def _ground_in_words(statement: Statement) -> str:
    rule = f"{statement.category_title} (policy {statement.policy_version})"
    if statement.legal_ground:
        return f"It rests on the law: {statement.legal_ground}; and on our policy: {rule}."
    return f"It rests on our policy: {rule}."


def send_letters(*, now: datetime) -> int:
    """Send what waits to be sent; how many letters.

    A letter whose sender dies between the mail server and the commit is sent twice, never lost;
    one that is refused is tried again after a minute, then two, four, … up to a day.
    """
    sent = 0
    while _send_next(now=now):
        sent += 1
    return sent


@transaction.atomic
def _send_next(*, now: datetime) -> bool:
    waiting = Letter.objects.select_for_update(skip_locked=True, of=("self",))
    letter = waiting.filter(sent_at=None, try_at__lte=now).order_by("try_at", "pk").first()
    if letter is None:
        return False
    letter.attempts += 1
    try:
        send_mail(letter.title, letter.text, None, [letter.to])
    except (OSError, SMTPException) as error:
        logger.warning("Letter %s can not be sent now: %s", letter.pk, type(error).__name__)
        letter.try_at = now + min(FIRST_WAIT * 2 ** (letter.attempts - 1), LONGEST_WAIT)
    else:
        letter.sent_at = now
        Statement.objects.filter(letters=letter, mailed_at=None).update(mailed_at=now)
    letter.save(update_fields=["attempts", "try_at", "sent_at"])
    return True


def forget_letters(*, now: datetime) -> int:
    """Delete what was sent 30 days ago: it was for its reader only; how many letters."""
    old = Letter.objects.filter(sent_at__lt=now - KEPT)
    return old.delete()[0]
