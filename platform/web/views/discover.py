"""Search, and the page of a hashtag."""

from typing import Any

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.urls import reverse
from django.utils.cache import patch_vary_headers
from django.utils.http import urlencode
from django.views.decorators.http import require_safe

from common.errors import Invalid, NotFound, TooMany
from common.pagination import PageRequest
from feed.limits import SearchLimit
from feed.policy.asking import MOST_CHARACTERS, Asked, UnableToAsk, asked_for
from feed.selectors.searching import found_clips, found_people, found_tags
from feed.selectors.tags import Order, clips_with, tag_counts, tag_named, trending_tags
from web.access import is_fragment

UNPROCESSABLE = 422
TILES_PER_PAGE = 24
ROWS_PER_PAGE = 30
KINDS = {"clips": "Clips", "people": "People", "tags": "Hashtags"}
MORE = {
    "clips": "web/parts/tiles.html",
    "people": "web/parts/found_people.html",
    "tags": "web/parts/found_tags.html",
}
ORDERS = {Order.NEWEST: "Newest", Order.TOP: "Most liked"}


@require_safe
def search(request: HttpRequest) -> HttpResponse:
    """What is found; before anything is asked, what is trending."""
    kind = request.GET.get("kind", "clips")
    if kind not in KINDS:
        raise NotFound("There is nothing of this kind.")
    typed = request.GET.get("q", "")
    context: dict[str, Any] = {
        "place": "search",
        "typed": typed[:MOST_CHARACTERS],
        "most": MOST_CHARACTERS,
        "kind": kind,
        "kinds": [
            (name, title, "?" + urlencode({"q": typed[:MOST_CHARACTERS], "kind": name}))
            for name, title in KINDS.items()
        ],
    }
    if not typed.strip():
        context["trending"] = trending_tags(request.user)
        return render(request, "web/search.html", context)
    try:
        asked = asked_for(typed)
    except UnableToAsk as error:
        context["problem"] = error.message
        return render(request, "web/search.html", context, status=UNPROCESSABLE)
    return _found(request, asked, kind, context)


def _found(request: HttpRequest, asked: Asked, kind: str, context: dict[str, Any]) -> HttpResponse:
    limit = SearchLimit()
    if not limit.allows(request):
        raise TooMany("That was often. Try again soon.", retry_after_seconds=int(limit.wait()) + 1)
    size = TILES_PER_PAGE if kind == "clips" else ROWS_PER_PAGE
    page = PageRequest(cursor=request.GET.get("cursor"), limit=size)
    viewer = request.user
    if kind == "clips":
        found: Any = found_clips(asked, viewer=viewer, page=page)
    elif kind == "people":
        found = found_people(asked, viewer=viewer, page=page)
    else:
        found = found_tags(asked, page=page)
    more = f"{reverse('web:search')}?{urlencode({'q': context['typed'], 'kind': kind})}"
    context |= {"page": found, "more_url": more, "asked": asked}
    response = render(request, MORE[kind] if is_fragment(request) else "web/search.html", context)
    patch_vary_headers(response, ["HX-Request"])
    return response


@require_safe
def tag(request: HttpRequest, tag: str) -> HttpResponse:
    """The clips with a hashtag, newest first or the most liked."""
    name, order = tag_named(tag), request.GET.get("order", Order.NEWEST)
    if order not in list(Order):
        raise Invalid(f"An order is one of {', '.join(Order)}.", field="order")
    asked = PageRequest(cursor=request.GET.get("cursor"), limit=TILES_PER_PAGE)
    here = reverse("web:tag", args=[name])
    context = {
        "place": "search",
        "tag": tag_counts(name),
        "order": order,
        "orders": [(one, title, f"{here}?order={one}") for one, title in ORDERS.items()],
        "page": clips_with(name, order=Order(order), viewer=request.user, asked=asked),
        "more_url": f"{here}?order={order}",
    }
    template = "web/parts/tiles.html" if is_fragment(request) else "web/tag.html"
    response = render(request, template, context)
    patch_vary_headers(response, ["HX-Request"])
    return response
