"""A moderator removes a comment: a decision, with reasons, like every other."""

from datetime import datetime

from accounts.models import User
from moderation.enforcement.rulings import Content, Ruling, carry_out
from moderation.models.judging import Subject
from moderation.policy.rules import Outcome
from moderation.screening import text_digest
from moderation.selectors.grounds import version_in_force
from social.models.comments import Comment

REASON = "A moderator found that the comment breaks our rules, and removed it."


def remove_as_moderator(reviewer: User, comment: Comment, *, now: datetime) -> None:
    """Take the comment from view; its author reads why, and can appeal.

    Who may is the caller's to check.
    """
    ruling = Ruling(
        content=Content(Subject.COMMENT, comment.pk, text_digest(comment.text), comment.author),
        outcome=Outcome.BLOCK,
        reason=REASON,
        policy_version=version_in_force(),
        rules=("moderator",),
        decided_by=reviewer,
    )
    carry_out(ruling, now=now)
