"""The 48 hours of a takedown request, and the copies of what was taken down."""

from datetime import datetime

from django.db import transaction

from clips.models import Clip
from clips.states import DELETED, HELD, PUBLISHED, REJECTED, WITHDRAWN
from common.states import UnableToMove
from moderation.enforcement.bans import ban_file
from moderation.enforcement.notices import answer_notice
from moderation.enforcement.rulings import Content, Ruling, carry_out
from moderation.models.judging import Source, Subject
from moderation.models.notices import Notice
from moderation.policy.reporting import REPORTABLES
from moderation.policy.rules import Outcome
from moderation.selectors.grounds import version_in_force
from moderation.selectors.judging import decisions_on
from moderation.selectors.notices import acted_takedowns, answered_by_the_desk, overdue_takedowns

LEGAL_GROUND = "TAKE IT DOWN Act, 47 U.S.C. 223a (intimate pictures without consent)"
REASON = (
    "Somebody says that this clip shows them in an intimate way without their consent, and nobody "
    "could decide within 48 hours whether that is so. In doubt we protect who is depicted. You can "
    "appeal: a person will look at it."
)


def withdraw_overdue(*, now: datetime) -> int:
    """Take down what nobody has decided within 48 hours of a takedown request; how many."""
    return sum(_withdraw(notice, now=now) for notice in overdue_takedowns(now=now)[:100])


def ban_taken_down(*, now: datetime) -> int:
    """Ban every clip that went because of a takedown request, with its copies; how many.

    The bans are carried out like all others, by a worker that finds them.
    """
    return sum(_ban(notice, now=now) for notice in acted_takedowns()[:100])


def answer_what_the_desk_finished(*, now: datetime) -> int:
    """Answer notices whose item was finished in another way than by a ruling; how many."""
    finished = answered_by_the_desk()[:100]
    for notice in finished:
        with transaction.atomic():
            answer_notice(notice, notice.item.decision if notice.item else None, now=now)
    return len(finished)


@transaction.atomic
def _withdraw(notice: Notice, *, now: datetime) -> bool:
    clips = Clip.objects.select_for_update(of=("self",)).select_related("author", "video")
    clip = clips.filter(pk=notice.subject_id).exclude(state=DELETED).first()
    if clip is None:
        answer_notice(notice, None, now=now)
        return False
    if clip.state in {REJECTED, WITHDRAWN}:
        answer_notice(notice, decisions_on(clip).first(), now=now)
        return False
    if clip.state not in {PUBLISHED, HELD}:
        return False
    ruling = Ruling(
        content=Content(Subject.CLIP, clip.pk, clip.digest, clip.author),
        outcome=Outcome.BLOCK,
        reason=REASON,
        policy_version=version_in_force(),
        rules=("takedown_deadline",),
        categories=(REPORTABLES[notice.category].policy_category,),
        source=Source.TAKEDOWN_REQUEST,
        legal_ground=LEGAL_GROUND,
    )
    try:
        carry_out(ruling, clip=clip, only_if={"state": clip.state}, now=now)
    except UnableToMove:
        return False
    return True


@transaction.atomic
def _ban(notice: Notice, *, now: datetime) -> bool:
    clip = Clip.objects.filter(pk=notice.subject_id).first()
    category = REPORTABLES[notice.category].policy_category
    by = notice.decision.decided_by if notice.decision else None
    if clip is not None:
        ban_file(clip, category=category, by=by, now=now)
    Notice.objects.filter(pk=notice.pk).update(banned_at=now)
    return clip is not None
