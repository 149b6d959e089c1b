"""The mails that tell people what was decided; sent later, by `manage.py work`."""

from datetime import datetime

from django.conf import settings

from moderation.models.letters import Letter
from moderation.models.statements import Statement
from moderation.policy.reasons import headline, limits_in_words
from moderation.selectors.statements import APPEAL_DAYS, statement_url

FOOT = "Reverie, {url}\nYou get this mail because the law wants you to be told."

REDRESS = (
    f"If you think this is wrong, you can appeal within {APPEAL_DAYS} days, free of charge; a "
    "person who has not decided before will look at it. You may also turn to a certified "
    "out-of-court dispute settlement body, or to a court."
)


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
