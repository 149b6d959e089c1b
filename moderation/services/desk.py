"""What reviewers do at the desk: take, keep, put back, decide, take back."""

from dataclasses import dataclass
from datetime import datetime, timedelta
from uuid import UUID, uuid4

from django.conf import settings
from django.db import transaction

from accounts.models import User
from accounts.permissions import Viewer
from clips.models import Clip, Limit
from common.errors import Conflict, Invalid, TooMany
from common.transitions import move
from moderation.enforcement.claims import (
    RELEASED,
    claim_first,
    claim_one,
    extend_claim,
    release_claim,
    release_expired_claims,
)
from moderation.enforcement.settling import (
    SubjectChanged,
    hold_until_settled,
    settle,
    show_again,
    waiting_opinions,
)
from moderation.models.desk import Blur, ReviewerSettings, ReviewItem, ReviewKind, ReviewOpinion
from moderation.models.judging import Subject, Verdict
from moderation.policy.rules import Outcome
from moderation.selectors.desk import (
    EVERYTHING,
    SKIPPED,
    Wanted,
    claim_of,
    items_for,
    load_of,
    next_for,
    require_reviewer,
)
from moderation.selectors.policies import active_policy, severity_of
from moderation.selectors.subjects import Sight, sight_of
from moderation.services.appeals import decide_appeal
from moderation.services.reasons import checked_reason
from moderation.states import CLAIMED, DONE, OPEN, REVIEW_STATES, SETTLING

MOST_GONE = 50


class ClaimLost(Conflict):
    """The reviewer has the item in hand no more: their word on it counts for nothing."""

    code = "claim_lost"


class UnableToUndo(Conflict):
    """It has taken effect already, or somebody else said it."""

    code = "too_late"


class BreakNeeded(TooMany):
    """The reviewer has seen as much grave material as anybody should for now."""

    code = "break_needed"


@dataclass(frozen=True)
class Answer:
    """A reviewer's verdict: ALLOW, LIMIT or BLOCK; the author reads `reason`.

    `seen` is the fingerprint of what the reviewer looked at; `bans_file` also keeps copies out.
    """

    outcome: Outcome
    category: str = ""
    reason: str = ""
    limits: frozenset[str] = frozenset()
    bans_file: bool = False
    seen: str = ""


def take_next(viewer: Viewer, *, wanted: Wanted = EVERYTHING, now: datetime) -> ReviewItem | None:
    """What the reviewer has in hand already, or else the most urgent item they may judge.

    None when nothing waits for them.  Raises Denied, BreakNeeded.
    """
    reviewer = require_reviewer(viewer)
    release_expired_claims(now=now)
    with transaction.atomic():
        _one_at_a_time(reviewer)
        if held := claim_of(reviewer, now=now):
            return held
        _check_break(reviewer, now=now)
        queue = next_for(reviewer, wanted=wanted, now=now)
        for _ in range(MOST_GONE):
            item = claim_first(queue, reviewer, lease_seconds=settings.DESK_LEASE_SECONDS, now=now)
            if item is None or not _is_gone(item):
                return item
            _close_gone(item, now=now)
    return None


def claim_item(viewer: Viewer, item_id: UUID, *, now: datetime) -> ReviewItem:
    """Take this very item, and put back what else is in hand.

    Raises Denied, BreakNeeded, UnableToMove.
    """
    reviewer = require_reviewer(viewer)
    release_expired_claims(now=now)
    with transaction.atomic():
        _one_at_a_time(reviewer)
        held = claim_of(reviewer, now=now)
        if held is not None and held.pk == item_id:
            return held
        _check_break(reviewer, now=now)
        _put_back(held, now=now)
        return claim_one(
            items_for(reviewer),
            item_id,
            reviewer,
            lease_seconds=settings.DESK_LEASE_SECONDS,
            now=now,
        )


def keep_claim(viewer: Viewer, item_id: UUID, *, token: UUID, now: datetime) -> None:
    """Keep what is in hand a while longer.  Raises Denied, ClaimLost."""
    require_reviewer(viewer)
    is_kept = extend_claim(
        item_id,
        token=token,
        lease_seconds=settings.DESK_LEASE_SECONDS,
        longest_seconds=settings.DESK_LONGEST_CLAIM_SECONDS,
        now=now,
    )
    if not is_kept:
        raise ClaimLost("This item is not in your hands any more; take it again.")


def put_back(
    viewer: Viewer, item_id: UUID, *, token: UUID, is_skipped: bool = False, now: datetime
) -> None:
    """Let go of an item; a skipped one is not offered again for an hour.  Raises Denied."""
    require_reviewer(viewer)
    release_claim(item_id, token=token, note=SKIPPED if is_skipped else RELEASED, now=now)


def escalate(viewer: Viewer, item_id: UUID, *, token: UUID, why: str, now: datetime) -> None:
    """Leave the item to the admins, and tell them why.  Raises Denied, Invalid, ClaimLost."""
    reviewer = require_reviewer(viewer)
    why = checked_reason(why, is_needed=True)
    with transaction.atomic():
        item = _in_hand(reviewer, item_id, token=token, now=now)
        move(
            item,
            states=REVIEW_STATES,
            to=OPEN,
            now=now,
            note=f"escalated: {why}",
            actor=reviewer,
            only_if={"lease_token": token},
            is_escalated=True,
            claimed_by=None,
            lease_token=None,
            lease_until=None,
        )


def decide_item(
    viewer: Viewer, item_id: UUID, *, token: UUID, answer: Answer, now: datetime
) -> ReviewOpinion:
    """Say what is to happen; it takes effect after the time in which it can be taken back.

    What is to be removed is out of sight at once; what is to be shown is not shown before.
    Raises Denied, Invalid, ClaimLost (then nothing was decided), SubjectChanged.
    """
    reviewer = require_reviewer(viewer)
    with transaction.atomic():
        item = _in_hand(reviewer, item_id, token=token, now=now)
        if item.kind == ReviewKind.APPEAL:
            raise Invalid("An appeal is upheld or not.", field="outcome")
        answer = _checked(answer, Subject(item.subject))
        opinion = _said(item, reviewer, answer, now=now)
        move(
            item,
            states=REVIEW_STATES,
            to=SETTLING,
            now=now,
            actor=reviewer,
            note=answer.outcome,
            only_if={"lease_token": token},
            lease_token=None,
            lease_until=None,
        )
    if opinion.takes_effect_at <= now:
        settle(opinion.pk, now=now)
    return opinion


def answer_appeal(
    viewer: Viewer,
    item_id: UUID,
    *,
    token: UUID,
    upheld: bool,
    reason: str,
    seen: str,
    now: datetime,
) -> None:
    """Let the decision that is appealed stand (`upheld`) or fall, at once and for good.

    `seen` is the fingerprint of what the reviewer looked at: new words are not shown unjudged
    because the old ones were wrongly refused.
    Raises Denied, Invalid, ClaimLost, SubjectChanged, UnableToDecideAppeal.
    """
    reviewer = require_reviewer(viewer)
    with transaction.atomic():
        item = _in_hand(reviewer, item_id, token=token, now=now)
        if not upheld and item.subject == Subject.CLIP:
            # Locked, so that its author changes nothing between this look and the decision.
            Clip.objects.select_for_update().filter(pk=item.subject_id).first()
            sight = sight_of(item)
            if not sight.is_gone:
                _check_seen(sight, seen)
        decide_appeal(reviewer, item_id, upheld=upheld, reason=reason, now=now)
        release_claim(item_id, token=token, now=now)


def undo(viewer: Viewer, item_id: UUID, *, now: datetime) -> ReviewItem:
    """Take one's word back, and the item in hand again.  Raises Denied, UnableToUndo."""
    reviewer = require_reviewer(viewer)
    with transaction.atomic():
        _one_at_a_time(reviewer)
        said = (
            waiting_opinions()
            .select_for_update(of=("self",))
            .filter(item_id=item_id, reviewer=reviewer, takes_effect_at__gt=now)
        )
        opinion = said.first()
        if opinion is None:
            raise UnableToUndo("This can not be taken back any more.")
        _put_back(claim_of(reviewer, now=now), now=now)
        opinion.undone_at = now
        opinion.save(update_fields=["undone_at"])
        item = ReviewItem.objects.get(pk=item_id)
        move(
            item,
            states=REVIEW_STATES,
            to=CLAIMED,
            now=now,
            actor=reviewer,
            note="undone",
            only_if={"state": SETTLING},
            claimed_by=reviewer,
            claimed_at=now,
            lease_token=uuid4(),
            lease_until=now + timedelta(seconds=settings.DESK_LEASE_SECONDS),
        )
        if opinion.was_shown:
            show_again(item, opinion, now=now)
    return item


def save_preferences(
    viewer: Viewer, *, opted_out: list[str], blur: str, stays_grey: bool
) -> ReviewerSettings:
    """Keep how the reviewer wants to work.  Raises Denied, Invalid."""
    reviewer = require_reviewer(viewer)
    if unknown := set(opted_out) - set(active_policy().categories):
        raise Invalid(f"There is no category {', '.join(sorted(unknown))}.", field="opted_out")
    if blur not in Blur.values:
        raise Invalid(f"Blur is one of {', '.join(Blur.values)}.", field="blur")
    saved, _ = ReviewerSettings.objects.update_or_create(
        reviewer=reviewer,
        defaults={"opted_out": sorted(opted_out), "blur": blur, "stays_grey": stays_grey},
    )
    return saved


def _one_at_a_time(reviewer: User) -> None:
    """Two requests of one reviewer wait for each other; others never do."""
    User.objects.select_for_update(no_key=True).get(pk=reviewer.pk)


def _check_break(reviewer: User, *, now: datetime) -> None:
    until = load_of(reviewer, now=now).break_until
    if until is not None:
        seconds = max(1, round((until - now).total_seconds()))
        raise BreakNeeded(
            f"You have looked at enough for now. Take a break until {until:%H:%M} UTC.",
            retry_after_seconds=seconds,
        )


def _put_back(held: ReviewItem | None, *, now: datetime) -> None:
    if held is not None and held.lease_token is not None:
        release_claim(held.pk, token=held.lease_token, now=now)


def _is_gone(item: ReviewItem) -> bool:
    """Whether there is nothing to decide; an appeal is about a decision, which is there."""
    return item.kind != ReviewKind.APPEAL and sight_of(item).is_gone


def _close_gone(item: ReviewItem, *, now: datetime) -> None:
    move(
        item,
        states=REVIEW_STATES,
        to=DONE,
        now=now,
        note="gone",
        closed_at=now,
        lease_token=None,
        lease_until=None,
    )


def _in_hand(reviewer: User, item_id: UUID, *, token: UUID, now: datetime) -> ReviewItem:
    held = ReviewItem.objects.select_for_update(of=("self",)).filter(
        pk=item_id,
        state=CLAIMED,
        claimed_by=reviewer,
        lease_token=token,
        lease_until__gte=now,
    )
    item = held.exclude(about=reviewer).first()
    if item is None:
        raise ClaimLost("This item is not in your hands any more, so nothing was decided.")
    return item


def _said(item: ReviewItem, reviewer: User, answer: Answer, *, now: datetime) -> ReviewOpinion:
    sight = sight_of(item)
    _check_seen(sight, answer.seen)
    is_blind = item.kind == ReviewKind.QUALITY
    limits_before = list(sight.clip.limits) if sight.clip else []
    version = active_policy().version
    was_shown = (
        answer.outcome is Outcome.BLOCK
        and not is_blind
        and hold_until_settled(
            item, reviewer=reviewer, reason=answer.reason, policy_version=version, now=now
        )
    )
    if not is_blind:
        _note_severity(item, answer)
    return ReviewOpinion.objects.create(
        item=item,
        reviewer=reviewer,
        outcome=Verdict(answer.outcome),
        category=answer.category,
        reason=answer.reason,
        limits=sorted(answer.limits),
        bans_file=answer.bans_file,
        seen=answer.seen,
        policy_version=version,
        was_shown=was_shown,
        limits_before=limits_before,
        handling_seconds=(now - (item.claimed_at or now)).total_seconds(),
        said_at=now,
        takes_effect_at=now + timedelta(seconds=settings.DESK_UNDO_SECONDS),
    )


def _check_seen(sight: Sight, seen: str) -> None:
    if sight.is_gone:
        raise SubjectChanged("It is not there any more.")
    if not sight.fingerprint:
        raise SubjectChanged("The machines are just judging it anew; come back in a moment.")
    if sight.fingerprint != seen:
        raise SubjectChanged("It was changed since you looked at it; look again.")


def _note_severity(item: ReviewItem, answer: Answer) -> None:
    """A reviewer who finds worse than what was expected makes the item as grave as that."""
    severity = max(item.severity, severity_of(answer.category))
    if severity != item.severity:
        item.severity = severity
        item.save(update_fields=["severity"])


def _checked(answer: Answer, subject: Subject) -> Answer:
    is_restriction = answer.outcome is not Outcome.ALLOW
    if answer.outcome not in {Outcome.ALLOW, Outcome.LIMIT, Outcome.BLOCK}:
        raise Invalid("Approve, limit or remove.", field="outcome")
    if answer.category and answer.category not in active_policy().categories:
        raise Invalid("The policy has no such category.", field="category")
    if is_restriction and not answer.category:
        raise Invalid("Say which part of the policy it breaks.", field="category")
    _check_limits(answer, subject)
    if answer.bans_file and (answer.outcome is not Outcome.BLOCK or subject != Subject.CLIP):
        raise Invalid("Only a file that is removed can be banned.", field="bans_file")
    reason = checked_reason(answer.reason, is_needed=is_restriction)
    return Answer(
        outcome=answer.outcome,
        category=answer.category,
        reason=reason,
        limits=answer.limits,
        bans_file=answer.bans_file,
        seen=answer.seen,
    )


def _check_limits(answer: Answer, subject: Subject) -> None:
    """Clips have limits; to limit an account is to clear its profile; comments know no half."""
    if unknown := answer.limits - set(Limit.values):
        raise Invalid(f"There is no limit {', '.join(sorted(unknown))}.", field="limits")
    is_limit = answer.outcome is Outcome.LIMIT
    if is_limit and subject == Subject.COMMENT:
        raise Invalid("A comment stays or is removed.", field="outcome")
    if (is_limit and subject == Subject.CLIP) != bool(answer.limits):
        raise Invalid("Say how it is to be limited.", field="limits")
