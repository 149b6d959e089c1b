"""Reads of the reviewers' desk: what waits, for whom, and what is known about it."""

from dataclasses import dataclass
from datetime import datetime, timedelta
from uuid import UUID

from django.conf import settings
from django.db.models import Count, Min, Q, QuerySet

from accounts.models import Role, User
from accounts.permissions import Viewer
from clips.models import Clip
from clips.selectors import is_reviewer
from common.errors import Denied, NotFound
from moderation.models.desk import (
    ReviewerSettings,
    ReviewItem,
    ReviewItemEvent,
    ReviewOpinion,
)
from moderation.models.judging import Decision
from moderation.models.quality import ReviewerExposure
from moderation.models.strikes import Strike
from moderation.states import CLAIMED, OPEN, SETTLING

SEVERE = 3
SKIP_SECONDS = 3600
SKIPPED = "skipped"
NO_CATEGORY = "-"
HISTORY_SHOWN = 20
HOUR, DAY = timedelta(hours=1), timedelta(days=1)


@dataclass(frozen=True)
class Wanted:
    """Which part of the desk a reviewer wants to work on; nothing means all of it.

    `NO_CATEGORY` stands for the items that have none.
    """

    category: str = ""
    severity: int | None = None
    kind: str = ""


EVERYTHING = Wanted()


@dataclass(frozen=True)
class Queue:
    """The items of one category and severity that somebody may be given."""

    category: str
    severity: int
    waiting: int
    in_hand: int
    oldest_at: datetime | None
    deadline_at: datetime | None


@dataclass(frozen=True)
class Load:
    """How much grave material a reviewer was given, and when they may be given more."""

    last_hour: int
    last_day: int
    most_per_hour: int
    most_per_day: int
    break_until: datetime | None


@dataclass(frozen=True)
class History:
    """What is known of the person an item is about."""

    decisions: list[Decision]
    counts: dict[str, int]
    clip_states: dict[str, int]
    strikes: int


def require_reviewer(viewer: Viewer) -> User:
    """The viewer, who is a moderator or an admin in good standing.  Raises Denied."""
    if not isinstance(viewer, User) or not is_reviewer(viewer):
        raise Denied("Only moderators and admins work at the desk.")
    return viewer


def preferences_of(reviewer: User) -> ReviewerSettings:
    """How the reviewer wants to work; what was never said is the careful choice."""
    found = ReviewerSettings.objects.filter(reviewer=reviewer).first()
    return found or ReviewerSettings(reviewer=reviewer)


def items_for(reviewer: User, *, wanted: Wanted = EVERYTHING) -> QuerySet[ReviewItem]:
    """The items, in any state, that this reviewer may judge: neither theirs nor judged before.

    What is escalated is for admins; categories they opted out of are not for them.
    """
    items = ReviewItem.objects.exclude(about=reviewer).exclude(excluded__contains=[reviewer.pk])
    if reviewer.role != Role.ADMIN:
        items = items.filter(is_escalated=False)
    if opted_out := preferences_of(reviewer).opted_out:
        items = items.exclude(category__in=opted_out)
    if wanted.category:
        items = items.filter(category=wanted.category.removeprefix(NO_CATEGORY))
    if wanted.severity is not None:
        items = items.filter(severity=wanted.severity)
    if wanted.kind:
        items = items.filter(kind=wanted.kind)
    return items


def next_for(reviewer: User, *, wanted: Wanted, now: datetime) -> QuerySet[ReviewItem]:
    """What may be given to the reviewer now: not what they just skipped."""
    skipped = ReviewItemEvent.objects.filter(
        actor=reviewer, note=SKIPPED, at__gt=now - timedelta(seconds=SKIP_SECONDS)
    )
    return items_for(reviewer, wanted=wanted).exclude(pk__in=skipped.values("item_id"))


def queues_for(reviewer: Viewer) -> list[Queue]:
    """What waits for this reviewer, by category and severity, gravest and oldest first."""
    rows = (
        items_for(require_reviewer(reviewer))
        .filter(state__in=[OPEN, CLAIMED])
        .values("category", "severity")
        .annotate(
            waiting=Count("id", filter=Q(state=OPEN)),
            in_hand=Count("id", filter=Q(state=CLAIMED)),
            oldest_at=Min("opened_at", filter=Q(state=OPEN)),
            next_deadline_at=Min("deadline_at"),
        )
        .order_by("-severity", "oldest_at")
    )
    return [
        Queue(
            category=row["category"],
            severity=row["severity"],
            waiting=row["waiting"],
            in_hand=row["in_hand"],
            oldest_at=row["oldest_at"],
            deadline_at=row["next_deadline_at"],
        )
        for row in rows
    ]


def waiting_for(reviewer: Viewer, *, wanted: Wanted, limit: int) -> list[ReviewItem]:
    """The items that would be given next, most urgent first."""
    items = items_for(require_reviewer(reviewer), wanted=wanted)
    waiting = items.filter(state__in=[OPEN, CLAIMED]).select_related("about", "claimed_by")
    return list(waiting.order_by("-priority", "id")[:limit])


def item_for(viewer: Viewer, item_id: UUID) -> ReviewItem:
    """One item.  Raises Denied, and NotFound too for an item about the viewer."""
    reviewer = require_reviewer(viewer)
    items = ReviewItem.objects.exclude(about=reviewer).select_related("about", "claimed_by")
    item = items.select_related("answers__reviewer", "decision__decided_by").filter(pk=item_id)
    found = item.first()
    if found is None or (found.is_escalated and reviewer.role != Role.ADMIN):
        raise NotFound("There is no such item.")
    return found


def claim_of(reviewer: User, *, now: datetime) -> ReviewItem | None:
    """What the reviewer has in hand."""
    held = ReviewItem.objects.filter(state=CLAIMED, claimed_by=reviewer, lease_until__gte=now)
    return held.order_by("-claimed_at").first()


def undoable_of(reviewer: User, *, now: datetime) -> ReviewOpinion | None:
    """The last thing the reviewer said, if it can still be taken back."""
    said = ReviewOpinion.objects.filter(
        reviewer=reviewer,
        settled_at=None,
        undone_at=None,
        takes_effect_at__gt=now,
        item__state=SETTLING,
    )
    return said.select_related("item").order_by("-id").first()


def load_of(reviewer: User, *, now: datetime) -> Load:
    """How many items of severity 3 and 4 the reviewer was given in the last hour and day."""
    given = ReviewerExposure.objects.filter(reviewer=reviewer, severity__gte=SEVERE)
    times = list(given.filter(at__gt=now - DAY).order_by("-at").values_list("at", flat=True))
    last_hour = [at for at in times if at > now - HOUR]
    ends = [
        seen[most - 1] + span
        for seen, most, span in (
            (last_hour, settings.DESK_SEVERE_PER_HOUR, HOUR),
            (times, settings.DESK_SEVERE_PER_DAY, DAY),
        )
        if len(seen) >= most
    ]
    return Load(
        last_hour=len(last_hour),
        last_day=len(times),
        most_per_hour=settings.DESK_SEVERE_PER_HOUR,
        most_per_day=settings.DESK_SEVERE_PER_DAY,
        break_until=max(ends, default=None),
    )


def history_of(person: User, *, now: datetime) -> History:
    """The decisions about the person, newest first, what became of their clips, their strikes."""
    received = Decision.objects.filter(about=person).exclude(verdict="allow", subject="prompt")
    verdicts = received.values_list("verdict").annotate(count=Count("id"))
    states = Clip.objects.filter(author=person).values_list("state").annotate(count=Count("id"))
    newest = received.exclude(verdict="allow").select_related("decided_by").order_by("-id")
    return History(
        decisions=list(newest[:HISTORY_SHOWN]),
        counts=dict(verdicts.order_by()),
        clip_states=dict(states.order_by()),
        strikes=Strike.objects.filter(user=person, revoked_at=None, expires_at__gt=now).count(),
    )
