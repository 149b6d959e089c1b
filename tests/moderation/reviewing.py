"""What a reviewer does to a clip, in one call, by way of the desk."""

from datetime import datetime

from accounts.models import User
from clips.models import Clip
from moderation.enforcement.queueing import Matter, open_item
from moderation.enforcement.settling import settle
from moderation.models.desk import ReviewItem, ReviewKind, ReviewOpinion
from moderation.models.judging import Subject
from moderation.policy.rules import Outcome
from moderation.selectors.judging import fingerprint
from moderation.services.desk import Answer, claim_item, decide_item

CATEGORY = "hate"


def said_of(
    reviewer: User,
    clip: Clip,
    outcome: Outcome,
    *,
    reason: str = "A person looked.",
    category: str = CATEGORY,
    now: datetime,
) -> ReviewOpinion:
    """The reviewer takes the clip's item, new if nothing waits, and says what is to happen."""
    waiting = ReviewItem.objects.filter(subject_id=clip.pk, kind=ReviewKind.CONTENT, state="open")
    clip.refresh_from_db()
    item = waiting.first() or open_item(
        Matter(ReviewKind.CONTENT, Subject.CLIP, clip.pk, clip.author), now=now
    )
    item = claim_item(reviewer, item.pk, now=now)
    assert item.lease_token is not None
    is_allowed = outcome is Outcome.ALLOW
    answer = Answer(
        outcome,
        category="" if is_allowed else category,
        reason="" if is_allowed else reason,
        seen=fingerprint(clip),
    )
    return decide_item(reviewer, item.pk, token=item.lease_token, answer=answer, now=now)


def reviewed(
    reviewer: User,
    clip: Clip,
    outcome: Outcome,
    *,
    reason: str = "A person looked.",
    category: str = CATEGORY,
    now: datetime,
) -> None:
    """The same, and the time in which it can be taken back goes by."""
    opinion = said_of(reviewer, clip, outcome, reason=reason, category=category, now=now)
    assert settle(opinion.pk, now=opinion.takes_effect_at)
    clip.refresh_from_db()
