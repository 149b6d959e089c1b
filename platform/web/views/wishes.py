"""What people do with the feed they look at: steer it, ask why, say what to leave out."""

from uuid import UUID, uuid4

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils import timezone
from django.utils.http import url_has_allowed_host_and_scheme
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_POST, require_safe
from django_htmx.http import HttpResponseClientRedirect, trigger_client_event

from accounts.models import User
from clips.selectors import clip_for
from common.errors import Invalid, ReverieError
from common.problems import problem_of
from feed.models.wishes import MAX_PHRASE_LENGTH
from feed.ranking.actions import Action, Event
from feed.ranking.sending import SentEvent
from feed.selectors.pages import clip_card
from feed.selectors.reasons import Lever, Reason, why_shown
from feed.selectors.wishes import chips_of
from feed.services.events import record_events
from feed.services.wishes import drop_chip as take_back
from feed.services.wishes import hide_author
from feed.services.wishes import steer as steer_feed
from web.access import is_fragment, signed_in

STEERED = "reverie:steered"


@never_cache
@require_POST
@signed_in
def steer(request: HttpRequest, user: User) -> HttpResponse:
    """Have a sentence steer the feed; what is below it comes anew."""
    text = request.POST.get("text", "")
    try:
        steer_feed(user, text, now=timezone.now())
    except Invalid as error:
        return _refused(request, user, error, said=text[:MAX_PHRASE_LENGTH])
    return _steered(request, user)


@never_cache
@require_POST
@signed_in
def drop_chip(request: HttpRequest, user: User, chip_id: UUID) -> HttpResponse:
    """Take a wish back; what is below comes anew."""
    take_back(user, chip_id)
    return _steered(request, user)


@never_cache
@require_safe
def why(request: HttpRequest, clip_id: UUID) -> HttpResponse:
    """Why the viewer was shown a clip, and what they can do about it."""
    told = why_shown(request.user, clip_id, now=timezone.now())
    card = clip_card(clip_id, viewer=request.user)
    context = {
        "card": card,
        "why": told,
        "reasons": [(one, _lever(one, handle=card["author"]["handle"])) for one in told.reasons],
    }
    template = "web/parts/why.html" if is_fragment(request) else "web/why.html"
    return render(request, template, context)


@require_POST
@signed_in
def not_interested(request: HttpRequest, user: User, clip_id: UUID) -> HttpResponse:
    """Show less like this clip, and never this one again."""
    now = timezone.now()
    event = Event(Action.NOT_INTERESTED, clip_for(user, clip_id).pk, now.timestamp())
    record_events(user, [SentEvent(uuid4(), event)], now=now)
    return _gone(request, "Less like this from now on.")


@require_POST
@signed_in
def hide_creator(request: HttpRequest, user: User, clip_id: UUID) -> HttpResponse:
    """Show nothing of the clip's author in lists any more."""
    author = clip_for(user, clip_id).author
    hide_author(user, author, now=timezone.now())
    return _gone(request, f"You are shown nothing of @{author.handle} any more.")


def _lever(reason: Reason, *, handle: str) -> str:
    """Where the person changes what the reason speaks of; nowhere for what is not theirs."""
    if reason.lever is Lever.PROFILING:
        return reverse("web:feed-settings") + "#learning-title"
    if reason.lever is Lever.FOLLOWING:
        return reverse("web:profile", args=[handle])
    return ""


def _steered(request: HttpRequest, user: User) -> HttpResponse:
    if not is_fragment(request):
        return redirect(_next(request))
    if request.POST.get("is_empty"):
        return HttpResponseClientRedirect(_next(request))
    return trigger_client_event(_bar(request, user), STEERED, {}, after="settle")


def _refused(request: HttpRequest, user: User, error: ReverieError, *, said: str) -> HttpResponse:
    problem = problem_of(error)
    if not is_fragment(request):
        messages.error(request, problem.detail)
        return redirect(_next(request))
    return _bar(request, user, status=422, refusal=problem.detail, said=said)


def _bar(request: HttpRequest, user: User, *, status: int = 200, **told: str) -> HttpResponse:
    chips = chips_of(user, now=timezone.now())
    context = {"chips": chips, "steer_next": _next(request), **told}
    return render(request, "web/parts/steer.html", context, status=status)


def _gone(request: HttpRequest, told: str) -> HttpResponse:
    if not is_fragment(request):
        messages.success(request, told)
        return redirect("web:feed")
    return trigger_client_event(HttpResponse(status=204), "reverie:told", {"text": told})


def _next(request: HttpRequest) -> str:
    """Where to go on: the page it was said on, when that is one of ours."""
    wanted = request.POST.get("next", "")
    is_ours = url_has_allowed_host_and_scheme(wanted, allowed_hosts=None)
    return wanted if is_ours and wanted.startswith("/") else reverse("web:feed")
