"""Every restriction is explained to its person, in the transaction that makes it."""

import secrets
from dataclasses import dataclass
from datetime import datetime

from clips.models import Clip
from moderation.enforcement.audit import append
from moderation.enforcement.letters import write_statement_letter
from moderation.models.judging import Decision, Restriction, Source, Subject, Verdict
from moderation.models.statements import Automation, Ground, Statement
from moderation.policy.reasons import Reasons
from moderation.selectors.grounds import CategoryGround, gravest
from moderation.selectors.statements import policy_url

PUBLIC_ID_BYTES = 16
TOLD_AT_ONCE = frozenset(
    {
        Restriction.CAPTION_REFUSED,
        Restriction.PROMPT_REFUSED,
        Restriction.COMMENT_REFUSED,
        Restriction.PROFILE_REFUSED,
    }
)
_NOUNS = {
    Restriction.CAPTION_REFUSED: "A caption",
    Restriction.PROMPT_REFUSED: "A prompt",
    Restriction.PICTURE_REFUSED: "A picture to begin a video with",
    Restriction.COMMENT_REFUSED: "A comment",
    Restriction.COMMENT_REMOVED: "A comment",
    Restriction.PROFILE_REFUSED: "A profile text",
    Restriction.PROFILE_REMOVED: "A profile",
    Restriction.ACCOUNT_PAUSED: "An account",
    Restriction.ACCOUNT_TERMINATED: "An account",
}
_WHENCE = {
    Source.OWN_INITIATIVE: "on our own initiative",
    Source.NOTICE: "because somebody reported it",
    Source.TRUSTED_FLAGGER: "because a trusted flagger reported it",
    Source.TAKEDOWN_REQUEST: "because somebody it depicts, or who speaks for them, asked for it",
    Source.APPEAL: "because somebody complained about an earlier decision",
}
_BY = {
    Automation.FULLY: "An automatic check decided; no person has looked at it yet.",
    Automation.PARTIALLY: "An automatic check found it, and a person decided.",
    Automation.NOT: "A person decided.",
}


@dataclass(frozen=True)
class Circumstances:
    """What a statement needs beside its decision.

    `limits` are all that stand afterwards, `until` is when the restriction ends by itself,
    `legal_ground` the law it rests on, where it is not our own policy alone.  What `is_interim` is
    not mailed: the decision that follows within minutes is.
    """

    clip: Clip | None = None
    limits: frozenset[str] = frozenset()
    until: datetime | None = None
    legal_ground: str = ""
    content_created_at: datetime | None = None
    is_interim: bool = False


def state_reasons(decision: Decision, of: Circumstances, *, now: datetime) -> Statement:
    """Write down why; the person finds it among the decisions about them, and mail is on its way.

    The caller owns the transaction.
    """
    ground = gravest(decision.categories)
    is_found_by_machine = _is_found_by_machine(decision)
    automation = _automation(decision, is_found_by_machine=is_found_by_machine)
    statement = Statement.objects.create(
        public_id=secrets.token_hex(PUBLIC_ID_BYTES),
        decision=decision,
        about=decision.about,
        subject=decision.subject,
        subject_id=decision.subject_id,
        restriction=decision.restriction,
        limits=sorted(of.limits),
        until=of.until,
        ground=Ground.LAW if of.legal_ground else Ground.TERMS,
        legal_ground=of.legal_ground,
        category=ground.name,
        category_title=ground.title,
        dsa_category=ground.dsa_category,
        dsa_keyword=ground.dsa_keyword,
        policy_version=decision.policy_version,
        facts=_facts(decision, of, ground, automation),
        explanation=decision.reason or ground.title,
        source=decision.source,
        is_detected_automatically=is_found_by_machine,
        automation=automation,
        is_synthetic=of.clip is not None and of.clip.video.provenance != "none",
        content_created_at=of.content_created_at or (of.clip.created_at if of.clip else now),
        is_told_at_once=decision.restriction in TOLD_AT_ONCE,
        created_at=now,
    )
    _chain(statement, decision)
    if not (statement.is_told_at_once or of.is_interim):
        write_statement_letter(statement, now=now)
    return statement


def _chain(statement: Statement, decision: Decision) -> None:
    append(
        "statement.made",
        actor=decision.decided_by,
        subject=decision.subject,
        subject_id=decision.subject_id,
        payload={
            "statement": str(statement.pk),
            "public_id": statement.public_id,
            "decision": str(decision.pk),
            "restriction": statement.restriction,
            "category": statement.category,
        },
    )


def end_statements(decision: Decision, *, now: datetime) -> None:
    """Note that what stood against the subject stands no longer: it was lifted, or replaced."""
    standing = Statement.objects.filter(
        subject=decision.subject, subject_id=decision.subject_id, ended_at=None
    )
    standing.exclude(decision=decision).update(ended_at=now)


def reasons_of(statement: Statement) -> Reasons:
    """The statement in the plain form that becomes a record of the Transparency Database."""
    return Reasons(
        public_id=statement.public_id,
        restriction=statement.restriction,
        category_title=statement.category_title,
        dsa_category=statement.dsa_category,
        dsa_keyword=statement.dsa_keyword,
        policy_url=policy_url(statement.category),
        policy_version=statement.policy_version,
        facts=statement.facts,
        source=statement.source,
        automation=statement.automation,
        is_detected_automatically=statement.is_detected_automatically,
        content_created_at=statement.content_created_at,
        created_at=statement.created_at,
        limits=frozenset(statement.limits),
        until=statement.until,
        legal_ground=statement.legal_ground,
        is_synthetic=statement.is_synthetic,
    )


def _is_found_by_machine(decision: Decision) -> bool:
    if decision.source != Source.OWN_INITIATIVE:
        return False
    if decision.decided_by_id is None:
        return True
    earlier = Decision.objects.filter(subject=decision.subject, subject_id=decision.subject_id)
    by_machine = earlier.filter(decided_by=None, source=Source.OWN_INITIATIVE)
    return by_machine.filter(verdict__in=[Verdict.REVIEW, Verdict.BLOCK]).exists()


def _automation(decision: Decision, *, is_found_by_machine: bool) -> Automation:
    if decision.decided_by_id is None:
        return Automation.FULLY
    return Automation.PARTIALLY if is_found_by_machine else Automation.NOT


def _facts(
    decision: Decision, of: Circumstances, ground: CategoryGround, automation: Automation
) -> str:
    """What was looked at, how, and what was found; nothing in it names a person or quotes one."""
    noun = _NOUNS.get(Restriction(decision.restriction), "A clip")
    posted = of.content_created_at or (of.clip.created_at if of.clip else None)
    when = f" of {posted:%d %B %Y}" if posted else ""
    looked = "with its words and its frames" if decision.subject == Subject.CLIP and of.clip else ""
    parts = [
        f"{noun}{when} was looked at {looked} {_WHENCE[Source(decision.source)]}.",
        f"What was found falls under: {ground.title}.",
        _BY[automation],
    ]
    if decision.rules:
        parts.append(f"Rules of policy {decision.policy_version}: {', '.join(decision.rules)}.")
    return " ".join(" ".join(parts).split())
