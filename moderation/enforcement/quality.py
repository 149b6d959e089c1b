"""Decisions that somebody else judges again without knowing them."""

import hashlib
from datetime import datetime, timedelta
from uuid import UUID

from django.conf import settings
from django.db import transaction
from django.db.models import Exists, OuterRef, QuerySet

from clips.models import Clip
from clips.states import DELETED
from moderation.enforcement.queueing import Matter, open_item
from moderation.models.desk import ReviewItem, ReviewKind, ReviewOpinion
from moderation.models.judging import Decision, Subject, Verdict
from moderation.states import UNFINISHED_REVIEWS

LOOKED_BACK = timedelta(hours=1)
BLIND = "Judge it as if nobody had."
CHECKED = (Verdict.ALLOW, Verdict.LIMIT, Verdict.BLOCK)
LARGEST = 2**64


def is_sampled(decision_id: UUID, *, share: float) -> bool:
    """Whether this decision is one of `share` (0 to 1) that are checked: the same every time."""
    digest = hashlib.sha256(b"quality" + decision_id.bytes).digest()
    return int.from_bytes(digest[:8], "big") < share * LARGEST


def sample_decisions(*, now: datetime) -> int:
    """Open a blind check for the sampled decisions of the last hour; how many."""
    decisions = _unchecked(since=now - LOOKED_BACK)
    chosen = [decision for decision in decisions if is_sampled(decision.pk, share=_share(decision))]
    return sum(_check(decision, now=now) for decision in chosen)


def _share(decision: Decision) -> float:
    is_machine = decision.decided_by_id is None
    return settings.QUALITY_SHARE_OF_MACHINES if is_machine else settings.QUALITY_SHARE_OF_PEOPLE


def _unchecked(*, since: datetime) -> QuerySet[Decision]:
    """The decisions on clips that are still the same file, and that no check is about."""
    same = Clip.objects.filter(pk=OuterRef("subject_id"), digest=OuterRef("digest"))
    checks = ReviewItem.objects.filter(checks=OuterRef("pk"))
    decisions = Decision.objects.filter(
        Exists(same.exclude(state=DELETED)),
        ~Exists(checks),
        subject=Subject.CLIP,
        verdict__in=CHECKED,
        created_at__gte=since,
    )
    return decisions.select_related("about").order_by("pk")


@transaction.atomic
def _check(decision: Decision, *, now: datetime) -> bool:
    """Open the check, unless another one of the same clip is not done yet."""
    items = ReviewItem.objects.filter(subject=Subject.CLIP, subject_id=decision.subject_id)
    if items.filter(kind=ReviewKind.QUALITY, state__in=UNFINISHED_REVIEWS).exists():
        return False
    opinions = ReviewOpinion.objects.filter(item__in=items, reviewer__isnull=False)
    judges = {decision.decided_by_id, *opinions.values_list("reviewer_id", flat=True)}
    matter = Matter(
        kind=ReviewKind.QUALITY,
        subject=Subject.CLIP,
        subject_id=decision.subject_id,
        about=decision.about,
        reason=BLIND,
        excluded=frozenset(judge for judge in judges if judge is not None),
        checks=decision,
    )
    open_item(matter, now=now)
    return True
