"""Feeds that others make: all of them, and one."""

from typing import Any
from uuid import UUID

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.http.response import HttpResponseBase
from django.shortcuts import redirect, render, resolve_url
from django.urls import reverse
from django.utils import timezone
from django.utils.cache import patch_vary_headers
from django.views.decorators.http import require_http_methods, require_POST, require_safe
from django_htmx.http import HttpResponseClientRedirect

from accounts.models import Role, User
from accounts.permissions import has_role
from accounts.selectors import is_minor
from common.errors import Invalid, ReverieError, TooMany
from common.pagination import PageRequest
from feed.limits import GuestFeedLimit
from feed.selectors.guests import GUESTS, feeds_read_by, guest_feeds_for
from feed.services.guests import leave_feed, read_feed, register_feed, remove_feed
from feed.serving.guests import guest_page
from feed.serving.pace import BreakTime
from feed.serving.wishes import rules_of
from web.access import is_fragment, signed_in
from web.forms import GuestFeedForm
from web.refusals import refuse

CLIPS_PER_PAGE = 6
FEEDS_PER_PAGE = 20
TROUBLES = {
    "late": "did not answer in time",
    "wrong": "gave no answer that can be used",
    "busy": "is being asked by many others",
    "resting": "has failed lately, and is left alone for a while",
    "short": "named no more clips that you can see",
}


@require_http_methods(["GET", "HEAD", "POST"])
def feeds(request: HttpRequest) -> HttpResponseBase:
    """All feeds, the viewer's own choice first; or register one."""
    return _registered(request) if request.method == "POST" else _list(request, GuestFeedForm())


@require_safe
def feed(request: HttpRequest, feed_id: UUID) -> HttpResponse:
    """One feed, in the order of its server."""
    asked = PageRequest(cursor=request.GET.get("cursor"), limit=CLIPS_PER_PAGE)
    try:
        guest, page = guest_page(request.user, feed_id, asked=asked, now=timezone.now())
    except BreakTime:  # the feed's own page says until when
        rests = resolve_url("web:feed")
        return HttpResponseClientRedirect(rests) if is_fragment(request) else redirect(rests)
    context = {
        "place": "feed",
        "guest": guest,
        "page": page,
        "trouble": TROUBLES.get(page.trouble, ""),
        "more_url": reverse("web:guest-feed", args=[feed_id]),
        "plays_by_itself": _plays_by_itself(request),
    }
    template = "web/parts/reels.html" if is_fragment(request) else "web/guest_feed.html"
    response = render(request, template, context)
    patch_vary_headers(response, ["HX-Request"])
    return response


def _plays_by_itself(request: HttpRequest) -> bool:
    user = request.user
    return not isinstance(user, User) or rules_of(user, now=timezone.now()).plays_by_itself


@require_POST
@signed_in
def change_reading(request: HttpRequest, user: User, feed_id: UUID) -> HttpResponse:
    """Keep a feed (`read=yes`), known to its server (`known=yes`) or not, or let it go."""
    answer = request.POST.get("read")
    if answer not in {"yes", "no"}:
        raise Invalid("`read` is yes or no.", field="read")
    if answer == "yes":
        is_known = request.POST.get("known") == "yes"
        read_feed(user, feed_id, is_known=is_known, now=timezone.now())
    else:
        leave_feed(user, feed_id)
    return redirect("web:guest-feeds")


@require_POST
@signed_in
def remove(request: HttpRequest, user: User, feed_id: UUID) -> HttpResponse:
    """Take a feed away."""
    remove_feed(user, feed_id)
    messages.success(request, "The feed is gone.")
    return redirect("web:guest-feeds")


@signed_in
def _registered(request: HttpRequest, user: User) -> HttpResponse:
    form = GuestFeedForm(request.POST)
    if not form.is_valid():
        return _list(request, form, status=400)
    limit = GuestFeedLimit()
    try:
        if not limit.allows(request, user):
            raise TooMany("That was often. Try again later.", retry_after_seconds=int(limit.wait()))
        made = register_feed(user, **form.cleaned_data, now=timezone.now())
    except ReverieError as error:
        return _list(request, form, status=refuse(form, error).status)
    return redirect("web:guest-feed", made.pk)


def _list(request: HttpRequest, form: GuestFeedForm, *, status: int = 200) -> HttpResponse:
    viewer, cursor = request.user, request.GET.get("after")
    rows = GUESTS.ordered(guest_feeds_for(viewer), cursor)[: FEEDS_PER_PAGE + 1]
    page = GUESTS.cut(list(rows), limit=FEEDS_PER_PAGE, position=lambda row: (None, row.pk))
    context: dict[str, Any] = {
        "place": "feed",
        "form": form,
        "kept": [] if cursor else feeds_read_by(viewer),
        "page": page,
        "may_remove_all": has_role(viewer, Role.MODERATOR),
        "may_register": has_role(viewer, Role.CREATOR),
        "may_be_known": isinstance(viewer, User) and not is_minor(viewer, now=timezone.now()),
    }
    return render(request, "web/guest_feeds.html", context, status=status)
