"""The feed: for you, following, latest."""

from dataclasses import dataclass
from typing import Any

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.urls import reverse
from django.utils import timezone
from django.utils.cache import patch_vary_headers
from django.views.decorators.http import require_safe

from common.pagination import Page, PageRequest
from feed.cards import ClipCard
from feed.selectors.pages import Mode
from feed.serving.pages import page_for
from web.access import is_fragment

CLIPS_PER_PAGE = 6


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


def _feed(request: HttpRequest, tab: Tab) -> HttpResponse:
    asked = PageRequest(cursor=request.GET.get("cursor"), limit=CLIPS_PER_PAGE)
    page = page_for(request.user, mode=tab.mode, asked=asked, now=timezone.now())
    return _page(request, tab, page)


def _page(request: HttpRequest, tab: Tab, page: Page[ClipCard]) -> HttpResponse:
    context: dict[str, Any] = {
        "place": "feed",
        "page": page,
        "tabs": (FOR_YOU, FOLLOWING, LATEST),
        "tab_title": tab.title,
        "more_url": tab.url,
    }
    template = "web/parts/reels.html" if is_fragment(request) else "web/feed.html"
    response = render(request, template, context)
    patch_vary_headers(response, ["HX-Request"])
    return response
