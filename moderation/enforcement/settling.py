"""What comes of what a reviewer said, once they can not take it back any more.

An opinion settles in one of four ways: it is carried out; it becomes a question to a second person;
it is compared with an earlier decision (a quality check); or, if what it was about has changed,
the item goes back to the desk.
"""

import logging
from datetime import datetime
from uuid import UUID

from django.contrib.auth.models import AnonymousUser
from django.db import transaction
from django.db.models import QuerySet

from accounts.models import User
from clips.models import Clip
from clips.selectors import is_reviewer
from clips.states import REJECTED, WITHDRAWN
from common.errors import Conflict
from common.states import UnableToMove
from common.transitions import move
from moderation.enforcement.bans import ban_file, is_kept_from_view
from moderation.enforcement.queueing import Matter, open_item
from moderation.enforcement.rulings import Content, Ruling, carry_out
from moderation.models.desk import ReviewItem, ReviewKind, ReviewOpinion
from moderation.models.judging import UNDONE, Decision, Subject, Verdict
from moderation.policy.rules import Outcome
from moderation.selectors.judging import decisions_on
from moderation.selectors.policies import is_zero_tolerance
from moderation.selectors.subjects import Sight, sight_of
from moderation.states import DONE, OPEN, REVIEW_STATES, SETTLING

REVIEWER, SECOND_REVIEWER = "reviewer", "second reviewer"
SETTLED_AT_ONCE = 200
WAS_CHANGED = "It was changed since it was looked at."
WAITS_FOR_SECOND = "A second person has to agree."
TAKEN_BACK = "A reviewer took their decision back."
BANNED_MEANWHILE = "It looks like something that is banned, so it was not shown again."
NOT_AGREED = "Two reviewers did not agree."

logger = logging.getLogger(__name__)


class SubjectChanged(Conflict):
    """What was judged is not what is there any more."""

    code = "invalid_state"


def waiting_opinions() -> QuerySet[ReviewOpinion]:
    """What was said and neither settled nor taken back."""
    return ReviewOpinion.objects.filter(settled_at=None, undone_at=None)


def settle_due(*, now: datetime) -> int:
    """Settle what can not be taken back any more; how many opinions."""
    due = waiting_opinions().filter(takes_effect_at__lte=now).order_by("takes_effect_at")
    return sum(settle(pk, now=now) for pk in due.values_list("pk", flat=True)[:SETTLED_AT_ONCE])


def settle(opinion_id: UUID, *, now: datetime) -> bool:
    """Let one opinion take effect; False when another process is at it, or it was undone.

    Whatever hinders it puts the item back on the desk, where nothing is shown.
    """
    try:
        with transaction.atomic():
            return _settle(opinion_id, now=now)
    except (UnableToMove, SubjectChanged):
        logger.info("Opinion %s could not take effect; its item is open again.", opinion_id)
        return _give_back(opinion_id, now=now)


def _settle(opinion_id: UUID, *, now: datetime) -> bool:
    opinion = _locked(opinion_id)
    if opinion is None:
        return False
    item = ReviewItem.objects.select_for_update(of=("self",)).get(pk=opinion.item_id)
    if item.state != SETTLING or not is_reviewer(opinion.reviewer or AnonymousUser()):
        raise UnableToMove("The item is not about to be settled.")
    opinion.decision = _follow_up(item, opinion, now=now)
    opinion.settled_at = now
    opinion.save(update_fields=["decision", "settled_at"])
    _finish(item, opinion, now=now)
    return True


def _locked(opinion_id: UUID) -> ReviewOpinion | None:
    free = waiting_opinions().select_for_update(skip_locked=True, of=("self",))
    return free.filter(pk=opinion_id).select_related("reviewer").first()


def _follow_up(item: ReviewItem, opinion: ReviewOpinion, *, now: datetime) -> Decision | None:
    """Do what the opinion entails; the decision it became, if it did."""
    if item.kind == ReviewKind.QUALITY:
        _compare(item, opinion, now=now)
        return None
    first = item.answers
    if first is None and needs_second(item, opinion):
        _ask_second(item, opinion, now=now)
        return None
    if item.kind == ReviewKind.SECOND and first is not None and not _agree(first, opinion):
        _escalate(item, opinion, reason=NOT_AGREED, now=now)
        return None
    return _rule(item, opinion, now=now)


def needs_second(item: ReviewItem, opinion: ReviewOpinion) -> bool:
    """Whether one person's word is too little, to allow too.

    It is where there is no tolerance, in the category the item came with or in the one the
    reviewer found, and for the end of an account.
    """
    ends_account = item.subject == Subject.ACCOUNT and opinion.outcome == Verdict.BLOCK
    return ends_account or is_zero_tolerance(item.category) or is_zero_tolerance(opinion.category)


def _agree(one: ReviewOpinion, other: ReviewOpinion) -> bool:
    return one.outcome == other.outcome


def _ask_second(item: ReviewItem, opinion: ReviewOpinion, *, now: datetime) -> None:
    open_item(_matter(item, opinion, ReviewKind.SECOND, WAITS_FOR_SECOND), now=now)


def _escalate(item: ReviewItem, opinion: ReviewOpinion, *, reason: str, now: datetime) -> None:
    """To an admin who has not judged it before, whose word is then the last."""
    open_item(_matter(item, opinion, ReviewKind.CONTENT, reason, is_escalated=True), now=now)


def _matter(
    item: ReviewItem,
    opinion: ReviewOpinion,
    kind: ReviewKind,
    reason: str,
    *,
    is_escalated: bool = False,
) -> Matter:
    judges = {pk for pk in (opinion.reviewer_id, *item.excluded) if pk is not None}
    return Matter(
        kind=kind,
        subject=Subject(item.subject),
        subject_id=item.subject_id,
        about=item.about,
        category=opinion.category or item.category,
        severity=item.severity,
        reach=item.reach,
        reporter_weight=item.reporter_weight,
        is_from_trusted_flagger=item.is_from_trusted_flagger,
        reason=reason,
        deadline_at=item.deadline_at,
        excluded=frozenset(judges),
        is_escalated=is_escalated,
        answers=opinion,
    )


def _compare(item: ReviewItem, opinion: ReviewOpinion, *, now: datetime) -> None:
    """A blind verdict that is another than the decision brings the matter before an admin."""
    if item.checks is not None and item.checks.verdict != opinion.outcome:
        _escalate(item, opinion, reason="A quality check came to another verdict.", now=now)


def _rule(item: ReviewItem, opinion: ReviewOpinion, *, now: datetime) -> Decision:
    rules = (REVIEWER,) if item.answers is None else (REVIEWER, SECOND_REVIEWER)
    sight = sight_of(item)
    if not sight.fingerprint or sight.fingerprint != opinion.seen:
        raise SubjectChanged(WAS_CHANGED)
    ruling = Ruling(
        content=_content(item, sight),
        outcome=Outcome(opinion.outcome),
        reason=opinion.reason,
        policy_version=opinion.policy_version,
        rules=rules,
        categories=(opinion.category,) if opinion.category else (),
        limits=frozenset(opinion.limits),
        is_strike=opinion.outcome == Verdict.BLOCK,
        decided_by=opinion.reviewer,
    )
    decision = _carried_out(ruling, sight, now=now)
    first = item.answers
    if sight.clip is not None and (opinion.bans_file or (first is not None and first.bans_file)):
        _ban(sight.clip, opinion, now=now)
    return decision


def _ban(clip: Clip, opinion: ReviewOpinion, *, now: datetime) -> None:
    if opinion.outcome == Verdict.BLOCK and opinion.reviewer is not None:
        ban_file(clip, category=opinion.category, by=opinion.reviewer, now=now)


def _content(item: ReviewItem, sight: Sight) -> Content:
    return Content(Subject(item.subject), item.subject_id, sight.digest, item.about)


def _carried_out(ruling: Ruling, sight: Sight, *, now: datetime) -> Decision:
    """The ruling's decision; what is down stays down by the decision that stands."""
    clip = sight.clip
    if clip is None:
        return carry_out(ruling, now=now)
    standing = decisions_on(clip).filter(verdict=Verdict.BLOCK).first()
    if clip.state in {REJECTED, WITHDRAWN} and ruling.outcome is Outcome.BLOCK and standing:
        return standing
    only_if = {
        "state": clip.state,
        "digest": clip.digest,
        "caption": clip.caption,
        "hashtags": clip.hashtags,
    }
    return carry_out(ruling, clip=clip, only_if=only_if, now=now)


def _finish(item: ReviewItem, opinion: ReviewOpinion, *, now: datetime) -> None:
    item.refresh_from_db(fields=["state"])
    if item.state == SETTLING:
        move(
            item,
            states=REVIEW_STATES,
            to=DONE,
            now=now,
            actor=opinion.reviewer,
            decision=opinion.decision,
            closed_at=now,
            lease_token=None,
            lease_until=None,
        )


@transaction.atomic
def _give_back(opinion_id: UUID, *, now: datetime) -> bool:
    opinion = _locked(opinion_id)
    if opinion is None:
        return False
    waiting_opinions().filter(pk=opinion_id).update(undone_at=now)
    item = opinion.item
    try:
        move(
            item,
            states=REVIEW_STATES,
            to=OPEN,
            now=now,
            note=WAS_CHANGED,
            only_if={"state": SETTLING},
            claimed_by=None,
            lease_token=None,
            lease_until=None,
        )
    except UnableToMove:
        return False
    return True


def hold_until_settled(
    item: ReviewItem, *, reviewer: User, reason: str, policy_version: str, now: datetime
) -> bool:
    """Take a clip that is to be removed out of sight at once; whether it was in sight."""
    sight = sight_of(item)
    if not sight.is_shown_clip:
        return False
    ruling = Ruling(
        content=_content(item, sight),
        outcome=Outcome.REVIEW,
        reason=reason,
        policy_version=policy_version,
        rules=(REVIEWER,),
        decided_by=reviewer,
        is_interim=True,
    )
    _carried_out(ruling, sight, now=now)
    return True


def show_again(item: ReviewItem, opinion: ReviewOpinion, *, now: datetime) -> None:
    """Put back in sight what `hold_until_settled` took.

    Unless it was changed meanwhile, or banned: then it stays on the desk, which says so.
    """
    sight = sight_of(item)
    if sight.clip is None or sight.fingerprint != opinion.seen:
        return
    if is_kept_from_view(sight.clip):
        item.reason = BANNED_MEANWHILE
        item.save(update_fields=["reason"])
        return
    ruling = Ruling(
        content=_content(item, sight),
        outcome=Outcome.LIMIT if opinion.limits_before else Outcome.ALLOW,
        reason=TAKEN_BACK,
        policy_version=opinion.policy_version,
        rules=(REVIEWER, UNDONE),
        limits=frozenset(opinion.limits_before),
        decided_by=opinion.reviewer,
        is_interim=True,
    )
    _carried_out(ruling, sight, now=now)
