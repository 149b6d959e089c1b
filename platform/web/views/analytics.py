"""How one's clips are received."""

from dataclasses import dataclass
from uuid import UUID

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.urls import reverse
from django.utils import timezone
from django.views.decorators.http import require_safe

from accounts.models import User
from feed.selectors.analytics import FEWEST, SPANS, Analytics, Day, analytics_of
from feed.views.analytics import span
from web.access import signed_in

HEIGHT, STEP, BAR = 120, 26, 18


@dataclass(frozen=True)
class Bar:
    """One day in the chart, in the units of its view box."""

    day: Day
    x: int
    y: float
    height: float


@require_safe
@signed_in
def analytics(request: HttpRequest, user: User) -> HttpResponse:
    """All one's clips."""
    return _page(request, user, clip_id=None, here=reverse("web:analytics"))


@require_safe
@signed_in
def clip_analytics(request: HttpRequest, user: User, clip_id: UUID) -> HttpResponse:
    """One clip of one's own."""
    here = reverse("web:clip-analytics", args=[clip_id])
    return _page(request, user, clip_id=clip_id, here=here)


def _page(request: HttpRequest, user: User, *, clip_id: UUID | None, here: str) -> HttpResponse:
    days = span(request.GET.get("days", str(SPANS[0])))
    found = analytics_of(user, days=days, now=timezone.now(), clip_id=clip_id)
    context = {
        "place": "studio",
        "found": found,
        "one": found.clips[0].clip if clip_id else None,
        "spans": [(one, f"{here}?days={one}") for one in SPANS],
        "bars": _bars(found),
        "width": STEP * found.days,
        "height": HEIGHT,
        "bar": BAR,
        "fewest": FEWEST,
    }
    return render(request, "web/analytics.html", context)


def _bars(found: Analytics) -> list[Bar]:
    """The days as bars; one with too few views to be told is a line at the bottom."""
    most = max([day.views or 0 for day in found.by_day] + [1])
    heights = [
        2.0 if day.views is None else (HEIGHT - 4) * day.views / most for day in found.by_day
    ]
    return [
        Bar(day, place * STEP + (STEP - BAR) // 2, HEIGHT - height, height)
        for place, (day, height) in enumerate(zip(found.by_day, heights, strict=True))
    ]
