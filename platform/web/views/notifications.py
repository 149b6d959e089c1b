"""What people are told, and how they want to be told."""

from datetime import datetime

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.http.response import HttpResponseBase
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils import timezone
from django.utils.cache import patch_vary_headers
from django.utils.dateparse import parse_datetime
from django.views.decorators.cache import never_cache
from django.views.decorators.csrf import csrf_exempt
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from accounts.models import User
from common.errors import Invalid
from common.pagination import NewestFirst
from social.selectors.notifications import notifications_of, told, unread_count, wanted_by
from social.services.notifying import (
    check_unsubscribe,
    choose_notifications,
    leave_digest,
    read_notifications,
)
from web.access import is_fragment, signed_in
from web.forms import NotificationsForm
from web.shown import shown_news

PER_PAGE = 30
LIST = NewestFirst("page:notifications", time="at")


@never_cache
@require_safe
@signed_in
def show(request: HttpRequest, user: User) -> HttpResponse:
    """What I am told, the newest first."""
    cursor = request.GET.get("cursor")
    rows = notifications_of(user).select_related("comment")
    found = list(LIST.ordered(rows, cursor)[: PER_PAGE + 1])
    page = LIST.cut(found, limit=PER_PAGE, position=lambda row: (row.at, row.pk))
    context = {
        "place": "notifications",
        "news": [shown_news(one, viewer=user) for one in told(page.items, receiver=user)],
        "next_cursor": page.next_cursor,
        "newest_at": page.items[0].at.isoformat() if page.items and not cursor else "",
        "has_unread": any(row.read_at is None for row in page.items),
        "more_url": reverse("web:notifications"),
    }
    template = "web/parts/news.html" if is_fragment(request) else "web/notifications.html"
    response = render(request, template, context)
    patch_vary_headers(response, ["HX-Request"])
    return response


@never_cache
@require_safe
@signed_in
def count(request: HttpRequest, user: User) -> HttpResponse:
    """How much I have not read, for the mark beside the bell."""
    return render(request, "web/parts/unread.html", {"unread": unread_count(user)})


@require_POST
@signed_in
def read(request: HttpRequest, user: User) -> HttpResponse:
    """Mark as read what I was told up to `until`."""
    read_notifications(user, until=_moment(request.POST.get("until", "")), now=timezone.now())
    if is_fragment(request):
        return render(request, "web/parts/unread.html", {"unread": unread_count(user)})
    return redirect("web:notifications")


def _moment(text: str) -> datetime:
    try:
        moment = parse_datetime(text)
    except ValueError:
        moment = None
    if moment is None or moment.tzinfo is None:
        raise Invalid("`until` is a time with its zone.", field="until")
    return moment


@never_cache
@require_http_methods(["GET", "HEAD", "POST"])
@signed_in
def preferences(request: HttpRequest, user: User) -> HttpResponse:
    """What I want to be told, and whether by mail."""
    if request.method == "POST":
        form = NotificationsForm(request.POST)
        if form.is_valid():
            choose_notifications(user, **form.choice(), now=timezone.now())
            messages.success(request, "Saved.")
            return redirect("web:notification-settings")
    else:
        form = NotificationsForm.of(wanted_by(user))
    context = {"place": "settings", "form": form}
    return render(request, "web/notification_settings.html", context)


@csrf_exempt  # a mail program presses the button, as RFC 8058 says; the signature is the proof
@never_cache
@require_http_methods(["GET", "HEAD", "POST"])
def unsubscribe(request: HttpRequest, token: str) -> HttpResponseBase:
    """End the daily mail: a POST does, a GET asks."""
    if request.method == "POST":
        leave_digest(token)
    else:
        check_unsubscribe(token)
    context = {"is_done": request.method == "POST"}
    return render(request, "web/unsubscribe.html", context)
