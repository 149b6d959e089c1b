"""Who has an item in hand: a token and a time in its row, like every lease here."""

from datetime import datetime, timedelta
from uuid import UUID, uuid4

from django.db import transaction
from django.db.models import QuerySet

from accounts.models import User
from common.states import UnableToMove
from common.transitions import move
from moderation.models.desk import ReviewItem
from moderation.models.quality import ReviewerExposure
from moderation.states import CLAIMED, OPEN, REVIEW_STATES

SKIPPED = "skipped"
RELEASED = "released"
LEASE_EXPIRED = "lease expired"
FREED_AT_ONCE = 100


def claim_first(
    queue: QuerySet[ReviewItem], reviewer: User, *, lease_seconds: float, now: datetime
) -> ReviewItem | None:
    """Give the reviewer the most urgent open item of `queue` that nobody else is just taking.

    None when there is none.  Rows that another process has locked are stepped over, so reviewers
    who ask at the same moment neither wait for each other nor get the same item.
    """
    with transaction.atomic():
        waiting = queue.filter(state=OPEN).select_for_update(skip_locked=True, of=("self",))
        item = waiting.order_by("-priority", "id").first()
        if item is not None:
            _give(item, reviewer, lease_seconds=lease_seconds, now=now)
    return item


def claim_one(
    queue: QuerySet[ReviewItem],
    item_id: UUID,
    reviewer: User,
    *,
    lease_seconds: float,
    now: datetime,
) -> ReviewItem:
    """Give the reviewer this very item.  Raises UnableToMove when it is not theirs to take."""
    with transaction.atomic():
        item = queue.filter(pk=item_id, state=OPEN).select_for_update(of=("self",)).first()
        if item is None:
            raise UnableToMove("This item is not waiting, or not for you.")
        _give(item, reviewer, lease_seconds=lease_seconds, now=now)
    return item


def _give(item: ReviewItem, reviewer: User, *, lease_seconds: float, now: datetime) -> None:
    move(
        item,
        states=REVIEW_STATES,
        to=CLAIMED,
        now=now,
        actor=reviewer,
        only_if={"state": OPEN},
        claimed_by=reviewer,
        claimed_at=now,
        lease_token=uuid4(),
        lease_until=now + timedelta(seconds=lease_seconds),
    )
    ReviewerExposure.objects.create(reviewer=reviewer, item=item, severity=item.severity, at=now)


def extend_claim(
    item_id: UUID,
    *,
    token: UUID,
    lease_seconds: float,
    longest_seconds: float,
    now: datetime,
) -> bool:
    """Keep a claim for `lease_seconds` from now; False when it is lost.

    Nobody keeps an item for longer than `longest_seconds`, however long their page stays open.
    """
    held = ReviewItem.objects.filter(
        pk=item_id,
        state=CLAIMED,
        lease_token=token,
        lease_until__gte=now,
        claimed_at__gt=now - timedelta(seconds=longest_seconds),
    )
    return bool(held.update(lease_until=now + timedelta(seconds=lease_seconds)))


def release_claim(item_id: UUID, *, token: UUID, note: str = RELEASED, now: datetime) -> bool:
    """Put a claimed item back; False when the claim was lost already."""
    item = ReviewItem.objects.filter(pk=item_id, state=CLAIMED, lease_token=token).first()
    return item is not None and _freed(item, note=note, actor=item.claimed_by, now=now)


def release_expired_claims(*, now: datetime) -> int:
    """Put back what nobody has kept in hand; how many items."""
    lost = ReviewItem.objects.filter(state=CLAIMED, lease_until__lt=now).order_by("lease_until")
    return sum(
        _freed(item, note=LEASE_EXPIRED, actor=None, now=now) for item in lost[:FREED_AT_ONCE]
    )


def _freed(item: ReviewItem, *, note: str, actor: User | None, now: datetime) -> bool:
    only_if: dict[str, object] = {"state": CLAIMED, "lease_token": item.lease_token}
    if actor is None:
        only_if["lease_until__lt"] = now
    try:
        move(
            item,
            states=REVIEW_STATES,
            to=OPEN,
            now=now,
            note=note,
            actor=actor,
            only_if=only_if,
            claimed_by=None,
            lease_token=None,
            lease_until=None,
        )
    except UnableToMove:
        return False
    return True
