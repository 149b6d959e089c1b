"""The feed in all its modes."""

from dataclasses import dataclass
from typing import Any

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.urls import reverse
from django.utils import timezone
from django.utils.cache import patch_vary_headers
from django.views.decorators.http import require_safe
from django_htmx.http import HttpResponseClientRedirect

from accounts.models import User
from common.pagination import Page, PageRequest
from feed.cards import ClipCard
from feed.selectors.pages import Mode
from feed.selectors.wishes import chips_of
from feed.serving.pace import BreakTime
from feed.serving.pages import page_for
from feed.serving.wishes import rules_of
from web.access import is_fragment

CLIPS_PER_PAGE = 6
FORBIDDEN = 403


@dataclass(frozen=True)
class Tab:
    """One of the feed's lists."""

    mode: Mode
    name: str
    title: str

    @property
    def url(self) -> str:
        """Where it is found."""
        return reverse(f"web:{self.name}")


FOR_YOU = Tab(Mode.FOR_YOU, "feed", "For you")
FOLLOWING = Tab(Mode.FOLLOWING, "following", "Following")
LATEST = Tab(Mode.LATEST, "latest", "Latest")
TRENDING = Tab(Mode.TRENDING, "trending", "Trending")
UNPROFILED = Tab(Mode.UNPROFILED, "unprofiled", "Without profiling")
TABS = (FOR_YOU, FOLLOWING, LATEST, TRENDING, UNPROFILED)
STEERED = frozenset({Mode.FOR_YOU, Mode.UNPROFILED})
"""The modes in which what people said in words counts."""


@require_safe
def for_you(request: HttpRequest) -> HttpResponse:
    """What the feed picks for the viewer."""
    return _feed(request, FOR_YOU)


@require_safe
def following(request: HttpRequest) -> HttpResponse:
    """What the people the viewer follows have posted; a visitor is told to log in."""
    if not request.user.is_authenticated:
        return _page(request, FOLLOWING, Page([], None))
    return _feed(request, FOLLOWING)


@require_safe
def latest(request: HttpRequest) -> HttpResponse:
    """Everything, newest first."""
    return _feed(request, LATEST)


@require_safe
def trending(request: HttpRequest) -> HttpResponse:
    """What many people like at the moment."""
    return _feed(request, TRENDING)


@require_safe
def unprofiled(request: HttpRequest) -> HttpResponse:
    """What the feed picks without regard to what the viewer ever did."""
    return _feed(request, UNPROFILED)


def _feed(request: HttpRequest, tab: Tab) -> HttpResponse:
    asked = PageRequest(cursor=request.GET.get("cursor"), limit=CLIPS_PER_PAGE)
    try:
        page = page_for(request.user, mode=tab.mode, asked=asked, now=timezone.now())
    except BreakTime as rest:
        return _rest(request, tab, rest)
    return _page(request, tab, page)


def _page(request: HttpRequest, tab: Tab, page: Page[ClipCard]) -> HttpResponse:
    context: dict[str, Any] = {
        "place": "feed",
        "page": page,
        "tabs": TABS,
        "tab_title": tab.title,
        "more_url": tab.url,
    }
    if is_fragment(request):
        response = render(request, "web/parts/reels.html", context)
    else:
        response = render(request, "web/feed.html", context | _own(request, tab))
    patch_vary_headers(response, ["HX-Request"])
    return response


def _own(request: HttpRequest, tab: Tab) -> dict[str, Any]:
    """What the page looks like for who is logged in: words that steer, and autoplay."""
    if not isinstance(request.user, User):
        return {"plays_by_itself": True}
    now = timezone.now()
    own: dict[str, Any] = {"plays_by_itself": rules_of(request.user, now=now).plays_by_itself}
    if tab.mode in STEERED:
        own |= {"steers": True, "chips": chips_of(request.user, now=now), "steer_next": tab.url}
    return own


def _rest(request: HttpRequest, tab: Tab, rest: BreakTime) -> HttpResponse:
    """The feed rests: a page that says until when; a feed that is open goes there."""
    if is_fragment(request):
        return HttpResponseClientRedirect(tab.url)
    is_minor = (
        isinstance(request.user, User) and rules_of(request.user, now=timezone.now()).is_minor
    )
    context = {
        "place": "feed",
        "told": rest.message,
        "reason": rest.reason.value,
        "is_minor": is_minor,
    }
    response = render(request, "web/break.html", context, status=FORBIDDEN)
    response["Retry-After"] = str(rest.retry_after_seconds)
    return response
