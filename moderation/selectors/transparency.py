"""What was moderated within a time, in figures: DSA Art. 15 and 24."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta
from statistics import median

from django.core.cache import cache
from django.db.models import Count, Q, QuerySet
from django.utils import timezone

from accounts.models import User
from moderation.models.appeals import Appeal
from moderation.models.judging import Decision, Restriction
from moderation.models.notices import Notice, NoticeKind, NoticeOutcome
from moderation.models.statements import Automation, Statement
from moderation.models.strikes import Strike
from moderation.policy.reasons import headline
from moderation.policy.reporting import REPORTABLES
from moderation.selectors.quality import machine_errors_between
from social.models.views import ActiveMonth

FEWEST = 5
"""Below this many nobody learns a share: it would say too much of too few."""
YEAR = timedelta(days=365)
CACHE_SECONDS = 600
Cell = str | int | float | None


@dataclass(frozen=True)
class Table:
    """One table of the report; `name` is its file's, without `.csv`."""

    name: str
    title: str
    columns: tuple[str, ...]
    rows: list[tuple[Cell, ...]]


@dataclass(frozen=True)
class TransparencyReport:
    """The figures from `start` until just before `end`."""

    start: datetime
    end: datetime
    tables: tuple[Table, ...]


def transparency_report(start: datetime, end: datetime) -> TransparencyReport:
    """Every figure the report has; counts only, nothing of a person."""
    tables = (
        _notices(start, end),
        _restrictions(start, end),
        _categories(start, end),
        _machines(start, end),
        _appeals(start, end),
        _measures(start, end),
        _reach(start, end),
    )
    return TransparencyReport(start, end, tables)


def published_report() -> TransparencyReport:
    """The last twelve months, as the public page shows them: ten minutes old at most."""
    end = timezone.now()
    kept: TransparencyReport | None = cache.get("transparency")
    if kept is None:
        kept = transparency_report(end - YEAR, end)
        cache.set("transparency", kept, CACHE_SECONDS)
    return kept


def _notices(start: datetime, end: datetime) -> Table:
    """Art. 15(1)(b): by category, how many were followed, and how long that took."""
    received = Notice.objects.filter(received_at__gte=start, received_at__lt=end)
    rows: list[tuple[Cell, ...]] = []
    for kind in NoticeKind:
        for name, one in REPORTABLES.items():
            notices = received.filter(kind=kind, category=name)
            if count := notices.count():
                rows.append((str(kind), one.title, count, *_handling(notices)))
    rows.append(("all", "All", received.count(), *_handling(received)))
    columns = (
        "kind", "category", "received", "from trusted flaggers", "followed", "not followed",
        "manifestly unfounded", "by automatic means alone", "median hours",
    )  # fmt: skip
    return Table("notices", "Reports and takedown requests", columns, rows)


def _handling(notices: QuerySet[Notice]) -> tuple[Cell, ...]:
    decided = notices.filter(decided_at__isnull=False)
    waits = [
        (done - came).total_seconds() / 3600
        for came, done in decided.values_list("received_at", "decided_at")
        if done is not None
    ]
    return (
        notices.filter(is_from_trusted_flagger=True).count(),
        notices.filter(outcome=NoticeOutcome.ACTED).count(),
        notices.filter(outcome__in=[NoticeOutcome.NOT_ACTED, NoticeOutcome.GONE]).count(),
        notices.filter(outcome=NoticeOutcome.UNFOUNDED).count(),
        decided.filter(decision__isnull=False, decision__decided_by=None).count(),
        round(median(waits), 1) if waits else None,
    )


def _restrictions(start: datetime, end: datetime) -> Table:
    """Art. 15(1)(c): what was restricted, why it came to it, and how much machines decided."""
    made = Statement.objects.filter(created_at__gte=start, created_at__lt=end)
    rows: list[tuple[Cell, ...]] = [
        (str(kind), headline(kind), *_shares(made.filter(restriction=kind)))
        for kind in Restriction
        if made.filter(restriction=kind).exists()
    ]
    rows.append(("all", "All", *_shares(made)))
    columns = (
        "restriction", "in words", "all", "on own initiative", "after reports",
        "found by machines", "decided by machines alone", "share of machines",
    )  # fmt: skip
    return Table("restrictions", "What was restricted", columns, rows)


def _categories(start: datetime, end: datetime) -> Table:
    made = Statement.objects.filter(created_at__gte=start, created_at__lt=end)
    names = made.values_list("dsa_category", "category_title").distinct()
    rows: list[tuple[Cell, ...]] = [
        (dsa, title, *_shares(made.filter(dsa_category=dsa, category_title=title)))
        for dsa, title in sorted(names)
    ]
    columns = (
        "DSA category", "our category", "all", "on own initiative", "after reports",
        "found by machines", "decided by machines alone", "share of machines",
    )  # fmt: skip
    return Table("categories", "Why it was restricted", columns, rows)


def _shares(statements: QuerySet[Statement]) -> tuple[Cell, ...]:
    counts = statements.aggregate(
        every=Count("pk"),
        own=Count("pk", filter=Q(source="own_initiative")),
        found=Count("pk", filter=Q(is_detected_automatically=True)),
        alone=Count("pk", filter=Q(automation=Automation.FULLY)),
    )
    every, own, alone = counts["every"], counts["own"], counts["alone"]
    return (every, own, every - own, counts["found"], alone, _share(alone, every))


def _machines(start: datetime, end: datetime) -> Table:
    """Art. 15(1)(e): how often machines erred, as people found who judged again."""
    checked = machine_errors_between(start, end)
    alone = Statement.objects.filter(
        created_at__gte=start, created_at__lt=end, automation=Automation.FULLY
    )
    appealed = alone.filter(appeal__decided_at__isnull=False)
    fell = appealed.filter(appeal__is_upheld=False).count()
    rows: list[tuple[Cell, ...]] = [
        ("judged again, blind", checked.total, checked.hits, _share(checked.hits, checked.total)),
        ("appealed", appealed.count(), fell, _share(fell, appealed.count())),
    ]
    columns = ("machine decisions that were", "how many", "found wrong", "error rate")
    return Table("machines", "How often the machines erred", columns, rows)


def _appeals(start: datetime, end: datetime) -> Table:
    """Art. 15(1)(d): complaints, what became of them, and how long that took."""
    made = Appeal.objects.filter(created_at__gte=start, created_at__lt=end)
    rows: list[tuple[Cell, ...]] = [
        (name, *_outcomes(made.filter(**{f"{column}__isnull": False})))
        for name, column in (("by those restricted", "statement"), ("by reporters", "notice"))
    ]
    rows.append(("all", *_outcomes(made)))
    columns = ("appeals", "received", "decision stood", "decision fell", "open", "median hours")
    return Table("appeals", "Appeals", columns, rows)


def _outcomes(appeals: QuerySet[Appeal]) -> tuple[Cell, ...]:
    decided = appeals.filter(decided_at__isnull=False)
    waits = [
        (done - came).total_seconds() / 3600
        for came, done in decided.values_list("created_at", "decided_at")
        if done is not None
    ]
    return (
        appeals.count(),
        appeals.filter(is_upheld=True).count(),
        appeals.filter(is_upheld=False).count(),
        appeals.filter(decided_at=None).count(),
        round(median(waits), 1) if waits else None,
    )


def _measures(start: datetime, end: datetime) -> Table:
    """Art. 24(1)(b): measures against misuse."""
    given = Strike.objects.filter(created_at__gte=start, created_at__lt=end)
    made = Statement.objects.filter(created_at__gte=start, created_at__lt=end)
    rows: list[tuple[Cell, ...]] = [
        ("strikes given", given.count()),
        ("strikes revoked", given.filter(revoked_at__isnull=False).count()),
        ("accounts paused", made.filter(restriction=Restriction.ACCOUNT_PAUSED).count()),
        ("accounts closed", made.filter(restriction=Restriction.ACCOUNT_TERMINATED).count()),
        ("trusted flaggers now", User.objects.filter(is_trusted_flagger=True).count()),
        ("decisions in all", Decision.objects.filter(_within(start, end)).count()),
    ]
    return Table("measures", "Measures against misuse", ("what", "how many"), rows)


def _within(start: datetime, end: datetime) -> Q:
    return Q(created_at__gte=start, created_at__lt=end)


def _reach(start: datetime, end: datetime) -> Table:
    """Art. 24(2): people with an account who watched something, a month, on average."""
    within = {"month__gte": start.date().replace(day=1), "month__lt": end.date()}
    active = ActiveMonth.objects.filter(**within).values("month")
    people = active.annotate(people=Count("user")).order_by("month")
    rows: list[tuple[Cell, ...]] = [(f"{row['month']:%Y-%m}", row["people"]) for row in people]
    counts = [row["people"] for row in people]
    rows.append(("average", _average(counts)))
    columns = ("month", "people with an account who watched")
    return Table("reach", "Average monthly active recipients", columns, rows)


def _average(counts: Iterable[int]) -> float | None:
    given = list(counts)
    return round(sum(given) / len(given), 1) if given else None


def _share(part: int, whole: int) -> float | None:
    return round(part / whole, 4) if whole >= FEWEST else None
