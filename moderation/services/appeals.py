"""Appeals: decided by a person who had no part in what is appealed (DSA Art. 20)."""

from datetime import datetime, timedelta
from uuid import UUID

from django.db import transaction

from accounts.models import User
from accounts.permissions import Viewer
from clips.selectors import is_reviewer
from common.errors import Conflict, Denied, Invalid
from moderation.enforcement.audit import append
from moderation.enforcement.letters import write_letter
from moderation.enforcement.queueing import Matter, close_item, open_item
from moderation.enforcement.redress import follow_notice, restore
from moderation.models.appeals import Appeal
from moderation.models.desk import ReviewKind
from moderation.models.judging import Decision, Restriction, Subject
from moderation.models.notices import Notice, NoticeOutcome
from moderation.models.statements import Statement
from moderation.screening import text_digest
from moderation.selectors.appeals import appeal_named, has_other_open, judges_of
from moderation.selectors.grounds import ground_of
from moderation.selectors.notices import notice_for, notice_url
from moderation.selectors.statements import (
    APPEAL_DAYS,
    appeal_until,
    is_appealable,
    statement_for,
    statement_url,
)

SHORTEST, LONGEST = 10, 5000
LONGEST_REASON = 2000
MILDEST_SEVERITY = 2
QUOTABLE = frozenset(
    {Restriction.PROMPT_REFUSED, Restriction.COMMENT_REFUSED, Restriction.CAPTION_REFUSED}
)


class UnableToAppeal(Conflict):
    """It is too late, was done before, or there is nothing left to decide."""

    code = "unable_to_appeal"


class UnableToDecideAppeal(Conflict):
    """This person can not decide this appeal, or it is decided."""

    code = "invalid_state"


@transaction.atomic
def appeal_statement(
    viewer: Viewer, statement_id: UUID, *, text: str, quoted: str = "", key: str = "", now: datetime
) -> Appeal:
    """Ask for another look at a decision about oneself, once, within six months.

    `key` is from the mail, for those who can not log in.  `quoted` are the words that were
    refused, which are not kept here: they are shown to the reviewer if they are the same.
    Raises NotFound, Invalid, UnableToAppeal.
    """
    statement = statement_for(viewer, statement_id, key=key)
    Statement.objects.select_for_update().get(pk=statement.pk)
    if Appeal.objects.filter(statement=statement).exists():
        raise UnableToAppeal("You have appealed this decision already.")
    if now >= appeal_until(statement):
        raise UnableToAppeal(f"Appeals are possible within {APPEAL_DAYS} days.")
    if not is_appealable(statement, now=now):
        raise UnableToAppeal("This decision does not stand any more; there is nothing to appeal.")
    appeal = Appeal(
        statement=statement,
        appellant=statement.about,
        text=_checked(text),
        quoted=_same_words(statement, quoted),
        created_at=now,
    )
    return _put_on_desk(appeal, statement.decision, ground_of(statement.category).severity, now=now)


@transaction.atomic
def appeal_notice(notice_id: UUID, *, key: str, text: str, now: datetime) -> Appeal:
    """Ask for another look at a report that was not followed, once, within six months.

    Raises NotFound, Invalid, UnableToAppeal.
    """
    notice = notice_for(notice_id, key=key)
    Notice.objects.select_for_update(of=("self",)).get(pk=notice.pk)
    if Appeal.objects.filter(notice=notice).exists():
        raise UnableToAppeal("You have appealed this decision already.")
    if notice.decision is None or notice.outcome == NoticeOutcome.ACTED or not notice.decided_at:
        raise UnableToAppeal("There is no decision against your report.")
    if now >= notice.decided_at + timedelta(days=APPEAL_DAYS):
        raise UnableToAppeal(f"Appeals are possible within {APPEAL_DAYS} days.")
    appeal = Appeal(notice=notice, appellant=notice.reporter, text=_checked(text), created_at=now)
    return _put_on_desk(appeal, notice.decision, MILDEST_SEVERITY, now=now)


def may_appeal_notice(notice: Notice, *, now: datetime) -> bool:
    """Whether who sent the notice can still appeal the answer."""
    if notice.decision is None or notice.decided_at is None:
        return False
    has_appeal = getattr(notice, "appeal", None) is not None
    is_late = now >= notice.decided_at + timedelta(days=APPEAL_DAYS)
    return not has_appeal and not is_late and notice.outcome != NoticeOutcome.ACTED


@transaction.atomic
def decide_appeal(
    reviewer: User, appeal_or_item_id: UUID, *, upheld: bool, reason: str, now: datetime
) -> Appeal:
    """Let the decision that is appealed stand (`upheld`) or fall; the appellant reads `reason`.

    When it falls, what was taken is given back: the clip is shown, the comment, the account; a
    strike counts no more.  When a notifier was right, the content goes.
    Raises Denied, NotFound, Invalid, UnableToDecideAppeal (for who had a part in it, too).
    """
    if not is_reviewer(reviewer):
        raise Denied("Only moderators and admins decide appeals.")
    reason = reason.strip()
    if not reason or len(reason) > LONGEST_REASON:
        raise Invalid("Say why: who appealed will read it.", field="reason")
    appeal = appeal_named(appeal_or_item_id)
    if appeal.decided_at is not None:
        raise UnableToDecideAppeal("This appeal is decided.")
    if reviewer.pk in excluded_from(appeal):
        raise UnableToDecideAppeal("Somebody who had no part in it has to decide this appeal.")
    decision = None if upheld else _overturn(appeal, reviewer, reason=reason, now=now)
    appeal.is_upheld, appeal.reason, appeal.decision = upheld, reason, decision
    appeal.decided_by, appeal.decided_at = reviewer, now
    appeal.save(update_fields=["is_upheld", "reason", "decision", "decided_by", "decided_at"])
    append(
        "appeal.decided",
        actor=reviewer,
        subject=decided_on(appeal).subject,
        subject_id=decided_on(appeal).subject_id,
        payload={"appeal": str(appeal.pk), "upheld": upheld},
    )
    _close(appeal, now=now)
    _tell_appellant(appeal, now=now)
    return appeal


def decided_on(appeal: Appeal) -> Decision:
    """The decision that is appealed."""
    if appeal.statement is not None:
        return appeal.statement.decision
    decision = appeal.notice.decision if appeal.notice else None
    if decision is None:
        raise UnableToDecideAppeal("The decision is not on record any more.")
    return decision


def excluded_from(appeal: Appeal) -> frozenset[UUID]:
    """Who may not decide it: who has judged it before, whose it is, who appealed or reported."""
    decision = decided_on(appeal)
    parts = [decision.decided_by_id, decision.about_id, appeal.appellant_id]
    parts += [appeal.notice.reporter_id] if appeal.notice else []
    judges = judges_of(decision.subject, decision.subject_id)
    return judges | frozenset(pk for pk in parts if pk is not None)


def _checked(text: str) -> str:
    text = text.strip()
    if not SHORTEST <= len(text) <= LONGEST:
        raise Invalid(
            f"Tell us in {SHORTEST} to {LONGEST} characters why it is wrong.", field="text"
        )
    if "\0" in text:
        raise Invalid("Null characters are not allowed.", field="text")
    return text


def _same_words(statement: Statement, quoted: str) -> str:
    if not quoted.strip() or statement.restriction not in QUOTABLE:
        return ""
    candidates = {quoted, quoted.strip()}
    digests = {text_digest(*texts) for one in candidates for texts in ((one,), (one, ""))}
    if statement.decision.digest not in digests:
        raise Invalid(
            "These are not the words that were refused. Paste them exactly, or leave this empty.",
            field="quoted",
        )
    return quoted


def _put_on_desk(appeal: Appeal, decision: Decision, severity: int, *, now: datetime) -> Appeal:
    matter = Matter(
        kind=ReviewKind.APPEAL,
        subject=Subject(decision.subject),
        subject_id=decision.subject_id,
        about=decision.about,
        category=next(iter(decision.categories), ""),
        severity=severity,
        reason="An appeal against a decision.",
        excluded=excluded_from(appeal),
    )
    appeal.item = open_item(matter, now=now)
    appeal.save(force_insert=True)
    append(
        "appeal.made",
        actor=appeal.appellant,
        subject=decision.subject,
        subject_id=decision.subject_id,
        payload={"appeal": str(appeal.pk), "decision": str(decision.pk)},
    )
    return appeal


def _overturn(appeal: Appeal, reviewer: User, *, reason: str, now: datetime) -> Decision | None:
    if appeal.statement is not None:
        return restore(appeal.statement, reviewer, now=now)
    if appeal.notice is None:
        return None
    return follow_notice(appeal.notice, reviewer, reason=reason, now=now)


def _close(appeal: Appeal, *, now: datetime) -> None:
    item = appeal.item
    if item is None or has_other_open(appeal):
        return
    decision = appeal.decision or decided_on(appeal)
    subject = Subject(item.subject)
    close_item(ReviewKind.APPEAL, subject, item.subject_id, decision=decision, now=now)


def _tell_appellant(appeal: Appeal, *, now: datetime) -> None:
    outcome = (
        "The decision stands."
        if appeal.is_upheld
        else "You were right, and we have put it right as far as that can be done."
    )
    if appeal.statement is not None:
        address, link = appeal.statement.about.email, statement_url(appeal.statement)
    elif appeal.notice is not None:
        address, link = appeal.notice.email, notice_url(appeal.notice)
    else:
        return
    text = (
        f"A person who had no part in the decision has looked at your appeal. {outcome}\n\n"
        f"Why: {appeal.reason}\n\nYou may still turn to a certified out-of-court dispute "
        f"settlement body, or to a court.\n\n{link}"
    )
    write_letter(address, title="Your appeal was decided", text=text, now=now)
