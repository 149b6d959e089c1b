"""What authors learn of how their clips are received: sums, and nobody in them.

A number from 1 to 4 is not told (`None`): it could be about somebody the author knows.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from uuid import UUID

from django.db.models import Count, Q, QuerySet, Sum
from django.db.models.functions import TruncDate

from accounts.models import User
from clips.models import Clip
from clips.states import DELETED, PUBLISHED
from common.errors import Invalid, NotFound
from feed.models.arrivals import Arrival
from feed.models.events import FeedEvent
from social.models.people import Follow
from social.models.views import View

SPANS = (7, 28)
FEWEST = 5
MOST_CLIPS = 100
ACTIONS = {
    "impressions": ("impression", ""),
    "likes": ("like", "unlike"),
    "comments": ("comment", ""),
    "shares": ("share", ""),
    "saves": ("save", "unsave"),
}


@dataclass(frozen=True)
class Figures:
    """How clips were received in a span of days; None is a number from 1 to 4.

    `reach` counts people who are logged in and profiled, each once; `views` everybody's.
    `completion` is the share of views to the end, None where too few were.
    """

    reach: int | None
    impressions: int | None
    views: int | None
    completion: float | None
    likes: int | None
    comments: int | None
    shares: int | None
    saves: int | None
    remixes: int | None


@dataclass(frozen=True)
class ClipFigures:
    """One clip's figures."""

    clip: Clip
    figures: Figures


@dataclass(frozen=True)
class Day:
    """The views of one day (UTC)."""

    day: date
    views: int | None


@dataclass(frozen=True)
class Place:
    """How many views, or openings of the clip's page, came from a kind of place."""

    name: str
    count: int | None


@dataclass(frozen=True)
class Analytics:
    """What an author is told of all their clips, or of one."""

    days: int
    since: date
    total: Figures
    by_day: Sequence[Day]
    places: Sequence[Place]
    new_followers: int | None
    clips: Sequence[ClipFigures]


def analytics_of(
    author: User, *, days: int, now: datetime, clip_id: UUID | None = None
) -> Analytics:
    """How the author's clips (or one) were received in the last `days`, today included.

    Raises Invalid for other spans than 7 and 28, NotFound for a clip that is not the author's.
    Ten queries, however many clips.
    """
    if days not in SPANS:
        raise Invalid(f"Days are {' or '.join(map(str, SPANS))}.", field="days")
    since = now.date() - timedelta(days=days - 1)
    clips = Clip.objects.filter(author=author).exclude(state=DELETED)
    if clip_id is not None:
        clips = clips.filter(pk=clip_id)
    ids = list(clips.values_list("pk", flat=True))
    if clip_id is not None and not ids:
        raise NotFound("You have no such clip.")
    counts = _counts(ids, since=since)
    newest = clips.select_related("video").order_by("-pk")[:MOST_CLIPS]
    return Analytics(
        days=days,
        since=since,
        total=_figures(_summed(counts.values()) | _reach(ids, since=since)),
        by_day=_by_day(ids, since=since, days=days),
        places=_places(ids, since=since),
        new_followers=told(_new_followers(author, since=since)),
        clips=[ClipFigures(clip, _figures(counts.get(clip.pk, {}))) for clip in newest],
    )


def _counts(ids: Sequence[UUID], *, since: date) -> dict[UUID, dict[str, int]]:
    """Exact counts by clip; nothing of them leaves this module unrounded."""
    found: dict[UUID, dict[str, int]] = {clip_id: {} for clip_id in ids}
    watched = _views(ids, since=since).values_list("clip")
    for clip_id, reach, views, completions in watched.annotate(
        reach=Count("viewer", distinct=True),
        views=Count("pk"),
        completions=Count("pk", filter=Q(completed=True)),
    ):
        found[clip_id] |= {"reach": reach, "views": views, "completions": completions}
    done = FeedEvent.objects.filter(clip__in=ids, day__gte=since).values_list("clip")
    numbers = {
        name: Count("id", filter=Q(action=act)) - Count("id", filter=Q(action=undone))
        for name, (act, undone) in ACTIONS.items()
    }
    for clip_id, *counts in done.annotate(**numbers):
        found[clip_id] |= {name: max(n, 0) for name, n in zip(numbers, counts, strict=True)}
    for clip_id, remixes in _remixes(ids, since=since):
        found[clip_id]["remixes"] = remixes
    return found


def _views(ids: Sequence[UUID], *, since: date) -> QuerySet[View]:
    return View.objects.filter(clip__in=ids, created_at__gte=_begin(since))


def _begin(day: date) -> datetime:
    return datetime.combine(day, time(), tzinfo=UTC)


def _remixes(ids: Sequence[UUID], *, since: date) -> list[tuple[UUID, int]]:
    made = Clip.objects.filter(state=PUBLISHED, video__parent__clip__in=ids)
    by_others = made.filter(published_at__gte=_begin(since))
    counted = by_others.values_list("video__parent__clip").annotate(count=Count("pk"))
    return list(counted)


def _reach(ids: Sequence[UUID], *, since: date) -> dict[str, int]:
    return _views(ids, since=since).aggregate(reach=Count("viewer", distinct=True))


def _by_day(ids: Sequence[UUID], *, since: date, days: int) -> list[Day]:
    day = TruncDate("created_at", tzinfo=UTC)
    rows = _views(ids, since=since).annotate(day=day).values_list("day")
    counted = dict(rows.annotate(count=Count("pk")))
    every = [since + timedelta(days=number) for number in range(days)]
    return [Day(day, told(counted.get(day, 0))) for day in every]


def _new_followers(author: User, *, since: date) -> int:
    """Who began to follow in these days and still does."""
    return Follow.objects.filter(followee=author, created_at__gte=_begin(since)).count()


def _places(ids: Sequence[UUID], *, since: date) -> list[Place]:
    """In the feed (watched where it was served), and what led to the clips' own pages."""
    in_feed = FeedEvent.objects.filter(
        clip__in=ids, day__gte=since, action="watch", request__isnull=False
    ).count()
    arrived = Arrival.objects.filter(clip__in=ids, day__gte=since).values_list("came_from")
    counted = dict(arrived.annotate(sum=Sum("count")))
    counted["feed"] = counted.get("feed", 0) + in_feed
    ordered = sorted(counted.items(), key=lambda place: -place[1])
    return [Place(name, told(count)) for name, count in ordered if count]


def _summed(rows: Iterable[Mapping[str, int]]) -> dict[str, int]:
    total: dict[str, int] = {}
    for row in rows:
        for name, count in row.items():
            total[name] = total.get(name, 0) + count
    return total


def _figures(counts: Mapping[str, int]) -> Figures:
    views, completions = counts.get("views", 0), counts.get("completions", 0)
    names = ("reach", "impressions", "views", "likes", "comments", "shares", "saves")
    shown = {name: told(counts.get(name, 0)) for name in (*names, "remixes")}
    share = round(completions / views, 2) if views >= FEWEST else None
    return Figures(completion=share, **shown)


def told(count: int) -> int | None:
    """`count`, or None where it is so small that it could be about somebody."""
    return None if 0 < count < FEWEST else count
