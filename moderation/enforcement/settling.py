"""What comes of what a reviewer said, once they can not take it back any more.

An opinion settles in one of four ways: it is carried out; it becomes a question to a second person;
it is compared with an earlier decision (a quality check); or, if what it was about has changed,
the item goes back to the desk.
"""

import logging
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from django.contrib.auth.models import AnonymousUser
from django.db import transaction
from django.db.models import QuerySet

from accounts.models import User
from clips.models import Clip
from clips.selectors import is_reviewer
from clips.states import DELETED, HELD, PUBLISHED, REJECTED, WITHDRAWN
from common.errors import Conflict
from common.states import UnableToMove
from common.transitions import move
from moderation.enforcement.queueing import Matter, open_item
from moderation.enforcement.rulings import Content, Ruling, carry_out
from moderation.models.desk import ReviewItem, ReviewKind, ReviewOpinion
from moderation.models.judging import Decision, Source, Subject, Verdict
from moderation.policy.rules import Outcome
from moderation.selectors.judging import decisions_on, fingerprint
from moderation.selectors.policies import is_zero_tolerance
from moderation.states import DONE, OPEN, REVIEW_STATES, SETTLING

REVIEWER, SECOND_REVIEWER, UNDONE = "reviewer", "second reviewer", "undone"
SETTLED_AT_ONCE = 200
DECIDABLE = frozenset({HELD, PUBLISHED, REJECTED, WITHDRAWN})
WAS_CHANGED = "It was changed since it was looked at."
WAITS_FOR_SECOND = "A second person has to agree."
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
    place = SUBJECTS[Subject(item.subject)](item)
    if not place.is_as_seen(opinion.seen):
        raise SubjectChanged(WAS_CHANGED)
    return place.rule(_ruling(item, opinion, place.content(), rules), now=now)


def _ruling(
    item: ReviewItem, opinion: ReviewOpinion, content: Content, rules: tuple[str, ...]
) -> Ruling:
    return Ruling(
        content=content,
        outcome=Outcome(opinion.outcome),
        reason=opinion.reason,
        policy_version=opinion.policy_version,
        rules=rules,
        categories=(opinion.category,) if opinion.category else (),
        limits=frozenset(opinion.limits),
        is_strike=opinion.outcome == Verdict.BLOCK,
        source=source_of(item),
        decided_by=opinion.reviewer,
    )


def source_of(item: ReviewItem) -> Source:
    """How the item came to be judged, as statements of reasons put it."""
    notices = item.notices.order_by("received_at")
    if any(notice.is_from_trusted_flagger for notice in notices):
        return Source.TRUSTED_FLAGGER
    if any(notice.kind == "takedown" for notice in notices):
        return Source.TAKEDOWN_REQUEST
    return Source.NOTICE if notices else Source.OWN_INITIATIVE


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


@dataclass(frozen=True)
class ClipBefore:
    """The clip an item is about, as it is now."""

    clip: Clip | None

    def content(self) -> Content:
        """What a ruling on it names.  Raises SubjectChanged when it is gone."""
        clip = self._there()
        return Content(Subject.CLIP, clip.pk, clip.digest, clip.author)

    def is_gone(self) -> bool:
        """Whether there is nothing left to judge."""
        return self.clip is None

    def check_seen(self, seen: str) -> None:
        """Pass when it is what the reviewer looked at.  Raises SubjectChanged."""
        if self.clip is not None and self.clip.state not in DECIDABLE:
            raise SubjectChanged("The machines are just judging it anew; come back in a moment.")
        if not self.is_as_seen(seen):
            raise SubjectChanged("It was changed since you looked at it; look again.")

    def is_as_seen(self, seen: str) -> bool:
        """Whether it is what a reviewer looked at."""
        return bool(seen) and self.fingerprint() == seen

    def fingerprint(self) -> str:
        """All a reviewer judges; empty when it is gone or just being judged by the machines."""
        clip = self.clip
        return fingerprint(clip) if clip is not None and clip.state in DECIDABLE else ""

    def limits(self) -> list[str]:
        """How it is limited now."""
        return list(self._there().limits)

    def is_shown(self) -> bool:
        """Whether others can see it."""
        return self.clip is not None and self.clip.state == PUBLISHED

    def rule(self, ruling: Ruling, *, now: datetime) -> Decision:
        """Carry the ruling out on it; what is down stays down by the decision that stands.

        Raises UnableToMove.
        """
        clip = self._there()
        if clip.state in {REJECTED, WITHDRAWN} and ruling.outcome is Outcome.BLOCK:
            return decisions_on(clip)[0]
        only_if: dict[str, Any] = {
            "state": clip.state,
            "digest": clip.digest,
            "caption": clip.caption,
            "hashtags": clip.hashtags,
        }
        return carry_out(ruling, clip=clip, only_if=only_if, now=now)

    def _there(self) -> Clip:
        if self.clip is None:
            raise SubjectChanged("The clip is gone.")
        return self.clip


def _clip_of(item: ReviewItem) -> ClipBefore:
    clips = Clip.objects.exclude(state=DELETED).select_related("author", "video")
    return ClipBefore(clips.filter(pk=item.subject_id).first())


SUBJECTS = {Subject.CLIP: _clip_of}


def hold_until_settled(
    item: ReviewItem, *, reviewer: User, reason: str, policy_version: str, now: datetime
) -> bool:
    """Take what is to be removed out of sight at once; whether it was in sight."""
    place = SUBJECTS[Subject(item.subject)](item)
    if not place.is_shown():
        return False
    ruling = Ruling(
        content=place.content(),
        outcome=Outcome.REVIEW,
        reason=reason,
        policy_version=policy_version,
        rules=(REVIEWER,),
        source=source_of(item),
        decided_by=reviewer,
        is_interim=True,
    )
    place.rule(ruling, now=now)
    return True


def show_again(item: ReviewItem, opinion: ReviewOpinion, *, now: datetime) -> None:
    """Put back in sight what `hold_until_settled` took, unless it was changed meanwhile."""
    place = SUBJECTS[Subject(item.subject)](item)
    if not place.is_as_seen(opinion.seen):
        return
    ruling = Ruling(
        content=place.content(),
        outcome=Outcome.LIMIT if opinion.limits_before else Outcome.ALLOW,
        reason="",
        policy_version=opinion.policy_version,
        rules=(REVIEWER, UNDONE),
        limits=frozenset(opinion.limits_before),
        decided_by=opinion.reviewer,
        is_interim=True,
    )
    place.rule(ruling, now=now)
