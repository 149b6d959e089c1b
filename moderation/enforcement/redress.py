"""Putting right what was decided wrongly."""

from datetime import datetime
from uuid import UUID

from accounts.models import User
from accounts.services import pause_account, reopen_account
from clips.models import Clip
from clips.states import DELETED, PUBLISHED, SCREENING, SUBMITTED
from common.errors import Conflict
from moderation.enforcement.bans import lift_bans
from moderation.enforcement.rulings import Content, Ruling, carry_out
from moderation.enforcement.strikes import revoke_strike
from moderation.models.judging import Decision, Restriction, Source, Subject
from moderation.models.notices import Notice
from moderation.models.statements import Statement
from moderation.models.strikes import Strike
from moderation.policy.reporting import REPORTABLES
from moderation.policy.rules import Outcome
from moderation.selectors.appeals import ON_APPEAL
from moderation.selectors.grounds import version_in_force
from social.models.comments import Comment
from social.services.commenting import show_comment_again


class BeingJudged(Conflict):
    """The machines are just judging the clip anew."""

    code = "invalid_state"


def restore(statement: Statement, by: User, *, now: datetime) -> Decision:
    """Undo the restriction as far as it still stands, and all that came of it.

    The caller owns the transaction.  Raises BeingJudged, UnableToMove.
    """
    was_standing = statement.ended_at is None
    Statement.objects.filter(pk=statement.pk).update(
        reversed_at=now, ended_at=statement.ended_at or now
    )
    for strike in Strike.objects.filter(statement=statement, revoked_at=None):
        revoke_strike(strike, actor=by, now=now)
    clip = _clip_to_show(statement) if was_standing else None
    ruling = Ruling(
        content=_content(statement),
        outcome=Outcome.ALLOW,
        reason="",
        policy_version=version_in_force(),
        rules=(ON_APPEAL,),
        source=Source.APPEAL,
        decided_by=by,
    )
    only_if = {"state": clip.state, "digest": clip.digest} if clip else None
    decision = carry_out(ruling, clip=clip, only_if=only_if, now=now)
    if clip is not None:
        lift_bans(clip, now=now)
    elif was_standing:
        _give_back(statement)
    return decision


def follow_notice(notice: Notice, by: User, *, reason: str, now: datetime) -> Decision | None:
    """Take down what was rightly reported; None when it is gone."""
    clip = _clip(notice.subject_id) if notice.subject == Subject.CLIP else None
    if notice.subject == Subject.CLIP and clip is None:
        return None
    _check_judged(clip)
    category = REPORTABLES[notice.category].policy_category
    is_account = notice.subject == Subject.ACCOUNT
    ruling = Ruling(
        content=Content(
            Subject(notice.subject),
            notice.subject_id,
            clip.digest if clip else notice.digest,
            notice.about,
        ),
        outcome=Outcome.LIMIT if is_account else Outcome.BLOCK,
        reason=reason,
        policy_version=version_in_force(),
        rules=(ON_APPEAL,),
        categories=(category,) if category else (),
        source=Source.APPEAL,
        decided_by=by,
    )
    if clip is not None and clip.state != PUBLISHED:
        return None
    only_if = {"state": clip.state, "digest": clip.digest} if clip else None
    return carry_out(ruling, clip=clip, only_if=only_if, now=now)


def _content(statement: Statement) -> Content:
    return Content(
        Subject(statement.subject), statement.subject_id, statement.decision.digest, statement.about
    )


def _clip_to_show(statement: Statement) -> Clip | None:
    """The clip as it is, to be shown again; its file is the one that was judged, or it stays."""
    clip = _clip(statement.subject_id) if statement.subject == Subject.CLIP else None
    _check_judged(clip)
    if clip is None or clip.digest != statement.decision.digest:
        return None
    return clip


def _clip(clip_id: UUID) -> Clip | None:
    clips = Clip.objects.exclude(state=DELETED).select_related("author", "video")
    return clips.filter(pk=clip_id).first()


def _check_judged(clip: Clip | None) -> None:
    if clip is not None and clip.state in {SUBMITTED, SCREENING}:
        raise BeingJudged("The machines are just judging the clip anew; try again in a moment.")


def _give_back(statement: Statement) -> None:
    user = statement.about
    if statement.restriction == Restriction.COMMENT_REMOVED:
        for comment in Comment.objects.filter(pk=statement.subject_id):
            show_comment_again(comment)
    elif statement.restriction == Restriction.ACCOUNT_PAUSED:
        pause_account(user, until=None)
    elif statement.restriction == Restriction.ACCOUNT_TERMINATED:
        reopen_account(user)
