"""Who reported something hears what became of it: DSA Art. 16(5) and (6)."""

from datetime import datetime

from moderation.enforcement.audit import append
from moderation.enforcement.letters import REDRESS, write_letter
from moderation.models.judging import Decision, Restriction
from moderation.models.notices import Notice, NoticeKind, NoticeOutcome
from moderation.selectors.notices import notice_url, open_notices

_INTERIM = frozenset({"", Restriction.CLIP_HELD})
NOT_FOLLOWED = "We looked at it and found that it does not break our rules or the law we know of."
FOLLOWED = {
    Restriction.CLIP_LIMITED: "We limited how the clip is shown.",
    Restriction.CLIP_WITHDRAWN: "We took the clip down.",
    Restriction.CLIP_REJECTED: "The clip is not published.",
    Restriction.COMMENT_REMOVED: "We removed the comment.",
    Restriction.PROFILE_REMOVED: "We removed what the profile said and showed.",
    Restriction.ACCOUNT_TERMINATED: "We closed the account.",
}
_AUTOMATED = "This was decided by an automatic check."
_BY_PERSON = "A person decided this."


def answer_notices(decision: Decision, *, now: datetime) -> None:
    """Give every open notice on the decision's subject its answer, where it is one.

    A hold is none, and neither is a machine that lets pass what people reported.  The caller owns
    the transaction.
    """
    if not is_answer(decision):
        return
    for notice in open_notices(decision.subject, decision.subject_id):
        answer_notice(notice, decision, now=now)


def is_answer(decision: Decision) -> bool:
    """Whether the decision settles what people reported."""
    if decision.decided_by_id is None:
        return decision.restriction not in _INTERIM | {Restriction.CLIP_LIMITED}
    return decision.restriction != Restriction.CLIP_HELD


def answer_notice(notice: Notice, decision: Decision | None, *, now: datetime) -> None:
    """Note what became of the notice, and tell who sent it.  The caller owns the transaction."""
    is_followed = decision is not None and decision.restriction not in _INTERIM
    notice.outcome = NoticeOutcome.ACTED if is_followed else NoticeOutcome.NOT_ACTED
    if decision is None:
        notice.outcome = NoticeOutcome.GONE
    notice.outcome_reason = _reason(decision)
    notice.decision = decision
    notice.decided_at = now
    notice.save(update_fields=["outcome", "outcome_reason", "decision", "decided_at"])
    append(
        "notice.answered",
        actor=decision.decided_by if decision else None,
        subject=notice.subject,
        subject_id=notice.subject_id,
        payload={"notice": str(notice.pk), "outcome": str(notice.outcome)},
    )
    tell_notifier(notice, now=now)


def tell_notifier(notice: Notice, *, now: datetime) -> None:
    """The decision on a notice, by mail."""
    what = "request" if notice.kind == NoticeKind.TAKEDOWN else "report"
    text = (
        f"You sent us a {what} on {notice.received_at:%d %B %Y}. {notice.outcome_reason}\n\n"
        f"{REDRESS}\n\nYour {what}:\n{notice_url(notice)}"
    )
    write_letter(notice.email, title=f"Your {what} was decided", text=text, now=now)


def _reason(decision: Decision | None) -> str:
    if decision is None:
        return "What you reported is not here any more."
    by = _AUTOMATED if decision.decided_by_id is None else _BY_PERSON
    if decision.restriction in _INTERIM:
        return f"{NOT_FOLLOWED} {by}"
    return f"{FOLLOWED[Restriction(decision.restriction)]} {by}"
