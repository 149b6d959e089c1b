"""One's own feed: how it is to be, what is left out, and what it knows."""

from typing import Any
from uuid import UUID

from django.conf import settings as site
from django.contrib import messages
from django.forms import Form
from django.http import HttpRequest, HttpResponse, JsonResponse
from django.shortcuts import redirect, render
from django.utils import timezone
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from accounts.models import User
from common.errors import ReverieError
from feed.policy.choices import MINORS_DAILY_MINUTES, MINORS_NIGHT
from feed.selectors.wishes import (
    chips_of,
    hidden_creators_of,
    muted_words_of,
    settings_of,
    topics_of,
    wishes_as_told,
)
from feed.services.profiles import export_profile, reset_profile
from feed.services.wishes import (
    change_settings,
    set_topic_amount,
)
from feed.services.wishes import (
    drop_topic as let_topic_be,
)
from feed.services.wishes import (
    mute_word as mute,
)
from feed.services.wishes import (
    show_creator as show,
)
from feed.services.wishes import (
    unmute_word as unmute,
)
from feed.serving.pace import seconds_today
from feed.serving.wishes import rules_of
from web.access import signed_in
from web.feed_forms import LESS, MutedWordForm, TopicForm, settings_form
from web.refusals import refuse

UNPROCESSABLE = 422
SECONDS_PER_MINUTE = 60


@never_cache
@require_http_methods(["GET", "HEAD", "POST"])
@signed_in
def settings(request: HttpRequest, user: User) -> HttpResponse:
    """All of it on one page; what is saved counts on the next page of the feed."""
    if request.method != "POST":
        return _page(request, user)
    now = timezone.now()
    rules = rules_of(user, now=now)
    form = settings_form(settings_of(user), rules, request.POST)
    if not form.is_valid():
        return _page(request, user, form=form, status=UNPROCESSABLE)
    try:
        change_settings(user, form.changes(is_minor=rules.is_minor), now=now)
    except ReverieError as error:
        return _page(request, user, form=form, status=refuse(form, error).status)
    return _saved(request, "Saved.")


@never_cache
@require_POST
@signed_in
def mute_word(request: HttpRequest, user: User) -> HttpResponse:
    """Keep what says a word out of the lists."""
    form = MutedWordForm(request.POST)
    if not form.is_valid():
        return _page(request, user, word_form=form, status=UNPROCESSABLE)
    try:
        mute(user, form.cleaned_data["word"], now=timezone.now())
    except ReverieError as error:
        return _page(request, user, word_form=form, status=refuse(form, error).status)
    return _saved(request, "Muted.")


@require_POST
@signed_in
def unmute_word(request: HttpRequest, user: User) -> HttpResponse:
    """Let what says a word in again."""
    unmute(user, request.POST.get("word", ""))
    return _saved(request, "No longer muted.")


@never_cache
@require_POST
@signed_in
def add_topic(request: HttpRequest, user: User) -> HttpResponse:
    """Have less AI, or none, about a topic."""
    form = TopicForm(request.POST)
    if not form.is_valid():
        return _page(request, user, topic_form=form, status=UNPROCESSABLE)
    try:
        set_topic_amount(user, form.cleaned_data["topic"], float(form.cleaned_data["amount"]))
    except ReverieError as error:
        return _page(request, user, topic_form=form, status=refuse(form, error).status)
    return _saved(request, "Saved.")


@require_POST
@signed_in
def drop_topic(request: HttpRequest, user: User, topic_id: UUID) -> HttpResponse:
    """Let the amount of AI about a topic be as everywhere."""
    let_topic_be(user, topic_id)
    return _saved(request, "Removed.")


@require_POST
@signed_in
def show_creator(request: HttpRequest, user: User, handle: str) -> HttpResponse:
    """Let a hidden creator's clips in again."""
    show(user, handle)
    return _saved(request, f"Clips by @{handle} are shown again.")


@never_cache
@require_safe
@signed_in
def export(request: HttpRequest, user: User) -> HttpResponse:  # noqa: ARG001
    """Everything the feed keeps of the person, and all they told it, as a file."""
    kept = export_profile(user, now=timezone.now()) | {"told": wishes_as_told(user)}
    answer = JsonResponse(kept, json_dumps_params={"indent": 1, "ensure_ascii": False})
    answer["Content-Disposition"] = 'attachment; filename="reverie-feed.json"'
    return answer


@require_POST
@signed_in
def reset(request: HttpRequest, user: User) -> HttpResponse:
    """Forget what the feed learned of the person."""
    reset_profile(user)
    return _saved(request, "Forgotten. Your feed begins anew.")


def _saved(request: HttpRequest, told: str) -> HttpResponse:
    messages.success(request, told)
    return redirect("web:feed-settings")


def _page(request: HttpRequest, user: User, *, status: int = 200, **forms: Form) -> HttpResponse:
    now = timezone.now()
    kept, rules = settings_of(user), rules_of(user, now=now)
    context: dict[str, Any] = {
        "place": "settings",
        "form": settings_form(kept, rules),
        "word_form": MutedWordForm(),
        "topic_form": TopicForm(initial={"amount": LESS}),
        "rules": rules,
        "minors_minutes": MINORS_DAILY_MINUTES,
        "minors_night": MINORS_NIGHT,
        "minutes_today": seconds_today(user, now=now) // SECONDS_PER_MINUTE,
        "chips": chips_of(user, now=now),
        "steering_days": f"{site.STEERING_DAYS:g}",
        "topics": topics_of(user),
        "words": muted_words_of(user),
        "hidden": hidden_creators_of(user),
        **forms,
    }
    return render(request, "web/feed_settings.html", context, status=status)
