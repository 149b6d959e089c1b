"""Saving clips, and the collections they are sorted into."""

from uuid import UUID

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils import timezone
from django.utils.cache import patch_vary_headers
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from accounts.models import User
from common.errors import Invalid, ReverieError
from common.pagination import PageRequest
from common.problems import problem_of
from feed.selectors.pages import clip_card
from feed.selectors.saved import collection_page, saved_page
from feed.services.collecting import edit_collection, open_collection
from social.limits import ChangesPerPerson
from social.selectors.saving import collection_for, collections_of, collections_with
from social.selectors.shown import shown_clip
from social.services.saving import (
    collect_clip,
    delete_collection,
    save_clip,
    uncollect_clip,
    unsave_clip,
)
from web.access import is_fragment, signed_in
from web.forms import CollectionForm
from web.limited import limited
from web.refusals import refuse

CLIPS_PER_PAGE = 24
UNPROCESSABLE = 422


@never_cache
@require_http_methods(["GET", "HEAD", "POST"])
@limited(ChangesPerPerson)
@signed_in
def saved(request: HttpRequest, user: User) -> HttpResponse:
    """What I saved, and my collections; a form makes another."""
    if request.method != "POST":
        return _saved(request, user, CollectionForm())
    form = CollectionForm(request.POST)
    if not form.is_valid():
        return _saved(request, user, form, status=UNPROCESSABLE)
    try:
        made = open_collection(user, **form.cleaned_data, now=timezone.now())
    except ReverieError as error:
        return _saved(request, user, form, status=refuse(form, error).status)
    return redirect("web:collection", made.pk)


def _saved(
    request: HttpRequest, user: User, form: CollectionForm, *, status: int = 200
) -> HttpResponse:
    asked = PageRequest(cursor=request.GET.get("cursor"), limit=CLIPS_PER_PAGE)
    context = {
        "place": "saved",
        "page": saved_page(user, asked=asked),
        "more_url": reverse("web:saved"),
        "collections": collections_of(user.handle, viewer=user).order_by("-pk"),
        "form": form,
    }
    template = "web/parts/tiles.html" if is_fragment(request) else "web/saved.html"
    response = render(request, template, context, status=status)
    patch_vary_headers(response, ["HX-Request"])
    return response


@require_POST
@limited(ChangesPerPerson)
@signed_in
def change_saved(request: HttpRequest, user: User, clip_id: UUID) -> HttpResponse:
    """Save (`saved=yes`) or save no more (`saved=no`)."""
    is_saved = _yes_or_no(request, "saved")
    (save_clip if is_saved else unsave_clip)(user, clip_id)
    if not is_fragment(request):
        return redirect("web:clip", clip_id)
    context = {"clip_id": clip_id, "is_saved": is_saved, "is_fresh": True}
    return render(request, "web/parts/save.html", context)


@never_cache
@require_http_methods(["GET", "HEAD", "POST"])
@limited(ChangesPerPerson)
@signed_in
def collect(request: HttpRequest, user: User, clip_id: UUID) -> HttpResponse:
    """In which of my collections the clip is; a form puts it into a new one."""
    shown_clip(user, clip_id)
    form = CollectionForm(request.POST if request.method == "POST" else None)
    if request.method != "POST":
        return _collect(request, user, clip_id, form)
    if not form.is_valid():
        return _collect(request, user, clip_id, form, status=UNPROCESSABLE)
    try:
        made = open_collection(user, **form.cleaned_data, now=timezone.now())
        collect_clip(user, made.pk, clip_id)
    except ReverieError as error:
        return _collect(request, user, clip_id, form, status=refuse(form, error).status)
    return redirect("web:collect", clip_id)


def _collect(
    request: HttpRequest, user: User, clip_id: UUID, form: CollectionForm, *, status: int = 200
) -> HttpResponse:
    inside = collections_with(user, clip_id)
    rows = collections_of(user.handle, viewer=user).order_by("-pk")
    context = {
        "card": clip_card(clip_id, viewer=user),
        "rows": [(one, one.pk in inside) for one in rows],
        "form": form,
    }
    return render(request, "web/collect.html", context, status=status)


@require_POST
@limited(ChangesPerPerson)
@signed_in
def change_collected(
    request: HttpRequest, user: User, collection_id: UUID, clip_id: UUID
) -> HttpResponse:
    """Put the clip in (`collected=yes`) or take it out (`collected=no`)."""
    is_collected = _yes_or_no(request, "collected")
    (collect_clip if is_collected else uncollect_clip)(user, collection_id, clip_id)
    return redirect("web:collect", clip_id)


@require_safe
def collection(request: HttpRequest, collection_id: UUID) -> HttpResponse:
    """A public collection, or mine."""
    found = collection_for(request.user, collection_id)
    asked = PageRequest(cursor=request.GET.get("cursor"), limit=CLIPS_PER_PAGE)
    initial = {"title": found.title, "is_public": found.is_public}
    context = {
        "collection": found,
        "is_own": found.owner == request.user,
        "page": collection_page(found, viewer=request.user, asked=asked),
        "more_url": reverse("web:collection", args=[found.pk]),
        "form": CollectionForm(initial=initial),
    }
    template = "web/parts/tiles.html" if is_fragment(request) else "web/collection.html"
    response = render(request, template, context)
    patch_vary_headers(response, ["HX-Request"])
    return response


@require_POST
@limited(ChangesPerPerson)
@signed_in
def change_collection(request: HttpRequest, user: User, collection_id: UUID) -> HttpResponse:
    """Rename my collection, show it or hide it."""
    form = CollectionForm(request.POST)
    if form.is_valid():
        try:
            edit_collection(user, collection_id, **form.cleaned_data, now=timezone.now())
            messages.success(request, "Saved.")
        except Invalid as error:
            messages.error(request, problem_of(error).detail)
    else:
        messages.error(request, "A collection needs a title, 60 characters at most.")
    return redirect("web:collection", collection_id)


@require_POST
@limited(ChangesPerPerson)
@signed_in
def remove_collection(request: HttpRequest, user: User, collection_id: UUID) -> HttpResponse:
    """Delete my collection; its clips stay saved."""
    delete_collection(user, collection_id)
    messages.success(request, "The collection is deleted; its clips are still saved.")
    return redirect("web:saved")


def _yes_or_no(request: HttpRequest, name: str) -> bool:
    answer = request.POST.get(name)
    if answer not in {"yes", "no"}:
        raise Invalid(f"`{name}` is yes or no.", field=name)
    return answer == "yes"
