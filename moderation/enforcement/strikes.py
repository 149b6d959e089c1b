"""What a strike entails: a warning, a pause, or the question of closing the account."""

from datetime import datetime

from accounts.models import User
from accounts.services import pause_account
from moderation.enforcement.audit import append
from moderation.enforcement.letters import write_letter
from moderation.enforcement.queueing import Matter, open_item
from moderation.enforcement.records import Record, put_on_record
from moderation.enforcement.statements import Circumstances
from moderation.models.desk import ReviewKind
from moderation.models.judging import Decision, Restriction, Source, Subject, Verdict
from moderation.models.statements import Statement
from moderation.models.strikes import Strike
from moderation.policy.ladder import (
    GRAVE_SEVERITY,
    STRIKE_LIFE,
    Rung,
    Standing,
    paused_until,
    rung,
    weight_of,
)
from moderation.selectors.grounds import gravest
from moderation.selectors.statements import statement_url

LADDER = "ladder"


def give_strike(decision: Decision, statement: Statement, *, now: datetime) -> Strike:
    """Count the decision against its person, and do what the ladder says.

    The caller owns the transaction.
    """
    user = User.objects.select_for_update().get(pk=decision.about_id)
    strike = Strike.objects.create(
        user=user,
        decision=decision,
        statement=statement,
        weight=weight_of(gravest(decision.categories).severity),
        created_at=now,
        expires_at=now + STRIKE_LIFE,
    )
    append(
        "strike.given",
        actor=decision.decided_by,
        subject=Subject.ACCOUNT,
        subject_id=user.pk,
        payload={"strike": str(strike.pk), "weight": strike.weight, "decision": str(decision.pk)},
    )
    _climb(user, decision, statement, now=now)
    return strike


def revoke_strike(strike: Strike, *, actor: User, now: datetime) -> None:
    """Count it no more; a pause that rested on it is shortened or ended."""
    Strike.objects.filter(pk=strike.pk).update(revoked_at=now)
    user = User.objects.select_for_update().get(pk=strike.user_id)
    append(
        "strike.revoked",
        actor=actor,
        subject=Subject.ACCOUNT,
        subject_id=user.pk,
        payload={"strike": str(strike.pk)},
    )
    if user.paused_until is None or user.paused_until <= now:
        return
    until = paused_until(standings_of(user), now=now)
    pause_account(user, until=until)
    if until is None:
        end_pauses(user, now=now)


def standings_of(user: User) -> list[Standing]:
    """Every strike of the person, as the ladder reads it."""
    return [
        Standing(one.created_at, one.expires_at, one.weight, one.revoked_at is not None)
        for one in Strike.objects.filter(user=user)
    ]


def end_pauses(user: User, *, now: datetime) -> None:
    """Note in the statements that the pause is over."""
    pauses = Statement.objects.filter(about=user, restriction=Restriction.ACCOUNT_PAUSED)
    pauses.filter(ended_at=None).update(ended_at=now)


def _climb(user: User, decision: Decision, statement: Statement, *, now: datetime) -> None:
    standings = standings_of(user)
    reached = rung(standings, now=now)
    if reached is Rung.WARNED:
        _warn(user, statement, now=now)
    elif reached is not Rung.NONE:
        _pause(user, decision, until=paused_until(standings, now=now), now=now)
    if reached is Rung.TERMINATION_PROPOSED:
        _propose_termination(user, now=now)


def _warn(user: User, statement: Statement, *, now: datetime) -> None:
    text = (
        "This is your first strike. It expires after 90 days. With a second one your account is "
        "paused for 7 days, with a third for 30 days, and with a fourth people decide whether it "
        f"is closed.\n\nThe decision, and how to appeal it:\n{statement_url(statement)}"
    )
    write_letter(user.email, title="A warning about your account", text=text, now=now)


def _pause(user: User, decision: Decision, *, until: datetime | None, now: datetime) -> None:
    if until is None or (user.paused_until is not None and user.paused_until >= until):
        return
    pause_account(user, until=until)
    record = Record(
        subject=Subject.ACCOUNT,
        subject_id=user.pk,
        digest="",
        about=user,
        verdict=Verdict.BLOCK,
        reason=(
            f"Several of your posts broke the rules within 90 days. Until {until:%d %B %Y, %H:%M} "
            "UTC you can watch, but not make, post or comment. If one of the decisions before was "
            "wrong, appeal that one: if it falls, this pause is shortened or ends."
        ),
        policy_version=decision.policy_version,
        rules=(LADDER,),
        categories=tuple(decision.categories),
        restriction=Restriction.ACCOUNT_PAUSED,
        source=Source(decision.source),
        decided_by=decision.decided_by,
    )
    put_on_record(record, Circumstances(until=until, content_created_at=user.created_at), now=now)


def _propose_termination(user: User, *, now: datetime) -> None:
    matter = Matter(
        kind=ReviewKind.CONTENT,
        subject=Subject.ACCOUNT,
        subject_id=user.pk,
        about=user,
        severity=GRAVE_SEVERITY,
        reason="Four strikes or more within 90 days: is this account to be closed?",
    )
    open_item(matter, now=now)
