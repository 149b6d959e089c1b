"""How well the desk works: how much, how fast, how right, and what it costs people."""

from collections import Counter
from dataclasses import dataclass
from datetime import datetime, timedelta

from django.db.models import Aggregate, Count, FloatField, Q, QuerySet

from accounts.models import Role, User
from accounts.permissions import Viewer
from common.proportions import Proportion, kappa, proportion
from moderation.models.appeals import Appeal
from moderation.models.desk import ReviewItem, ReviewKind, ReviewOpinion
from moderation.models.judging import Decision, Verdict
from moderation.models.quality import ReviewerExposure
from moderation.selectors.desk import SEVERE, require_reviewer
from moderation.states import UNFINISHED_REVIEWS

SPAN = timedelta(days=30)
DAY = timedelta(days=1)
AGES = (
    ("under an hour", timedelta(0), timedelta(hours=1)),
    ("an hour to a day", timedelta(hours=1), timedelta(days=1)),
    ("one to three days", timedelta(days=1), timedelta(days=3)),
    ("over three days", timedelta(days=3), None),
)


class Percentile(Aggregate):
    """PostgreSQL's continuous percentile (0 to 1) of an expression."""

    function = "PERCENTILE_CONT"
    template = "%(function)s(%(share)s) WITHIN GROUP (ORDER BY %(expressions)s)"
    output_field = FloatField()

    def __init__(self, expression: str, *, share: float) -> None:
        super().__init__(expression, share=share)


@dataclass(frozen=True)
class Volume:
    """How many decisions of one verdict the machines and people reached."""

    verdict: str
    machines: int
    people: int


@dataclass(frozen=True)
class Handling:
    """How long items of one kind were in hand before somebody decided, in seconds."""

    kind: str
    count: int
    median: float | None
    ninth_decile: float | None


@dataclass(frozen=True)
class Backlog:
    """How many unfinished items have waited that long."""

    age: str
    count: int
    severe: int


@dataclass(frozen=True)
class Exposure:
    """What one reviewer was given in the last 24 hours and in the whole span."""

    handle: str
    severe_today: int
    severe: int
    all: int


@dataclass(frozen=True)
class Figures:
    """The last 30 days; `machine_errors` and `human_errors` are other verdicts in blind checks.

    `agreement` is Cohen's kappa between a reviewer's decision and the blind one of another.
    """

    since: datetime
    volumes: list[Volume]
    handling: list[Handling]
    backlog: list[Backlog]
    machine_errors: Proportion
    human_errors: Proportion
    agreement: float | None
    agreement_pairs: int
    second_agreed: Proportion
    appeals_reversed: Proportion
    undone: Proportion
    exposure: list[Exposure]


def machine_errors_between(start: datetime, end: datetime) -> Proportion:
    """Of the machines' decisions that people judged again, blind: how many other verdicts."""
    said = ReviewOpinion.objects.filter(said_at__gte=start, said_at__lt=end)
    pairs = _checked_pairs(said)
    return _differing([(earlier, later) for is_human, earlier, later in pairs if not is_human])


def figures(viewer: Viewer, *, now: datetime) -> Figures:
    """The figures of the desk.  A moderator sees their own exposure, an admin everybody's.

    Raises Denied.
    """
    reviewer = require_reviewer(viewer)
    since = now - SPAN
    said = ReviewOpinion.objects.filter(said_at__gte=since)
    pairs = _checked_pairs(said)
    human = [(earlier, later) for is_human, earlier, later in pairs if is_human]
    machine = [(earlier, later) for is_human, earlier, later in pairs if not is_human]
    return Figures(
        since=since,
        volumes=_volumes(since),
        handling=_handling(said.filter(undone_at=None)),
        backlog=[_backlog(name, youngest, oldest, now) for name, youngest, oldest in AGES],
        machine_errors=_differing(machine),
        human_errors=_differing(human),
        agreement=kappa(human),
        agreement_pairs=len(human),
        second_agreed=_second_agreed(said),
        appeals_reversed=_appeals_reversed(since),
        undone=proportion(said.exclude(undone_at=None).count(), said.count()),
        exposure=_exposure(reviewer, now=now),
    )


def _volumes(since: datetime) -> list[Volume]:
    rows = (
        Decision.objects.filter(created_at__gte=since)
        .values("verdict")
        .annotate(
            machines=Count("id", filter=Q(decided_by=None)),
            people=Count("id", filter=Q(decided_by__isnull=False)),
        )
        .order_by()
    )
    found = {row["verdict"]: row for row in rows}
    return [
        Volume(str(verdict.label), found[verdict]["machines"], found[verdict]["people"])
        for verdict in Verdict
        if verdict in found
    ]


def _handling(said: QuerySet[ReviewOpinion]) -> list[Handling]:
    rows = (
        said.values("item__kind")
        .annotate(
            count=Count("id"),
            median=Percentile("handling_seconds", share=0.5),
            ninth_decile=Percentile("handling_seconds", share=0.9),
        )
        .order_by("item__kind")
    )
    return [
        Handling(
            kind=str(ReviewKind(row["item__kind"]).label),
            count=row["count"],
            median=row["median"],
            ninth_decile=row["ninth_decile"],
        )
        for row in rows
    ]


def _backlog(name: str, youngest: timedelta, oldest: timedelta | None, now: datetime) -> Backlog:
    items = ReviewItem.objects.filter(state__in=UNFINISHED_REVIEWS, opened_at__lte=now - youngest)
    if oldest is not None:
        items = items.filter(opened_at__gt=now - oldest)
    severe = items.filter(severity__gte=SEVERE).count()
    return Backlog(age=name, count=items.count(), severe=severe)


def _checked_pairs(said: QuerySet[ReviewOpinion]) -> list[tuple[bool, str, str]]:
    """Of every finished blind check: was it a person's decision, its verdict, the blind one."""
    checks = said.filter(item__kind=ReviewKind.QUALITY, item__checks__isnull=False)
    rows = checks.exclude(settled_at=None).values_list(
        "item__checks__decided_by", "item__checks__verdict", "outcome"
    )
    return [(decider is not None, earlier, later) for decider, earlier, later in rows]


def _differing(pairs: list[tuple[str, str]]) -> Proportion:
    return proportion(sum(earlier != later for earlier, later in pairs), len(pairs))


def _second_agreed(said: QuerySet[ReviewOpinion]) -> Proportion:
    seconds = said.filter(item__kind=ReviewKind.SECOND, item__answers__isnull=False)
    rows = seconds.exclude(settled_at=None).values_list("item__answers__outcome", "outcome")
    pairs = list(rows)
    return proportion(sum(first == second for first, second in pairs), len(pairs))


def _appeals_reversed(since: datetime) -> Proportion:
    decided = Appeal.objects.filter(decided_at__gte=since)
    return proportion(decided.filter(is_upheld=False).count(), decided.count())


def _exposure(reviewer: User, *, now: datetime) -> list[Exposure]:
    given = ReviewerExposure.objects.filter(at__gte=now - SPAN)
    if reviewer.role != Role.ADMIN:
        given = given.filter(reviewer=reviewer)
    total: Counter[str] = Counter()
    severe: Counter[str] = Counter()
    today: Counter[str] = Counter()
    rows = given.values_list("reviewer__handle", "severity", "at").order_by("at")
    for handle, severity, at in rows.iterator():
        total[handle] += 1
        severe[handle] += severity >= SEVERE
        today[handle] += severity >= SEVERE and at > now - DAY
    return [
        Exposure(handle, today[handle], severe[handle], count)
        for handle, count in total.most_common()
    ]
