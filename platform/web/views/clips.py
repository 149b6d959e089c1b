"""A clip on its own page: watched, liked, and changed by its author."""

from uuid import UUID

from django.conf import settings
from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils import timezone
from django.utils.cache import patch_vary_headers
from django.views.decorators.http import require_POST, require_safe

from accounts.models import User
from clips.models import Clip
from clips.selectors import clip_for
from clips.services import delete_clip, edit_clip
from common.errors import Invalid, ReverieError
from feed.selectors.pages import clip_card
from feed.selectors.pins import is_pinned
from feed.selectors.remixes import family_of
from feed.services.arriving import note_arrival
from feed.services.pinning import pin_clip, unpin_clip
from moderation.selectors.statements import standing_statement
from social.selectors.saving import saved_among
from social.selectors.shown import like_count_of
from social.services.liking import like, unlike
from web.access import is_fragment, signed_in
from web.arrivals import VIA_LINK, came_from, is_looked_at
from web.forms import PostingForm, posting_form_of
from web.refusals import refuse
from web.shown import UNSETTLED, structured_data
from web.views.comments import talk

UNPROCESSABLE = 422


@require_safe
def show(request: HttpRequest, clip_id: UUID) -> HttpResponse:
    """The clip; while it is being judged, its page asks again and hears nothing new (204)."""
    clip = clip_for(request.user, clip_id)
    if is_fragment(request) and clip.state in UNSETTLED:
        return HttpResponse(status=204)
    if is_looked_at(request) and not is_fragment(request):
        note_arrival(request.user, clip, came_from(request), now=timezone.now())
    return _page(request, clip, posting_form_of(clip))


def _page(
    request: HttpRequest, clip: Clip, form: PostingForm, *, status: int = 200
) -> HttpResponse:
    card = clip_card(clip.pk, viewer=request.user)
    context = {
        "clip": clip,
        "card": card,
        "form": form,
        "is_unsettled": clip.state in UNSETTLED,
        "statement": standing_statement(clip) if clip.author_id == request.user.pk else None,
        "family": family_of(clip.pk, viewer=request.user),
        "is_pinned": is_pinned(clip),
        "structured_data": structured_data(card, origin=settings.REVERIE_URL),
        "saved": saved_among(request.user, [clip.pk]),
        **talk(clip, viewer=request.user, wanted=request.GET.get("comment", "")),
    }
    response = render(request, "web/clip.html", context, status=status)
    if request.COOKIES.get(VIA_LINK):
        response.delete_cookie(VIA_LINK)
    patch_vary_headers(response, ["HX-Request"])
    return response


@require_POST
@signed_in
def pin(request: HttpRequest, user: User, clip_id: UUID) -> HttpResponse:
    """Show the clip first on one's page (`pinned=yes`), or no longer (`pinned=no`)."""
    (pin_clip if _yes_or_no(request, "pinned") else unpin_clip)(user, clip_id)
    return redirect("web:clip", clip_id)


@require_POST
@signed_in
def change_like(request: HttpRequest, user: User, clip_id: UUID) -> HttpResponse:
    """Like (`liked=yes`) or unlike (`liked=no`)."""
    is_liked = _yes_or_no(request, "liked")
    (like if is_liked else unlike)(user, clip_id)
    if not is_fragment(request):
        return redirect("web:clip", clip_id)
    count = like_count_of(clip_id)
    context = {"clip_id": clip_id, "is_liked": is_liked, "count": count, "is_fresh": True}
    return render(request, "web/parts/like.html", context)


def _yes_or_no(request: HttpRequest, name: str) -> bool:
    answer = request.POST.get(name)
    if answer not in {"yes", "no"}:
        raise Invalid(f"`{name}` is yes or no.", field=name)
    return answer == "yes"


@require_POST
@signed_in
def edit(request: HttpRequest, user: User, clip_id: UUID) -> HttpResponse:
    """Change the caption, the hashtags and who may see the clip."""
    clip = clip_for(user, clip_id)
    form = posting_form_of(clip, request.POST)
    if not form.is_valid():
        return _page(request, clip, form, status=UNPROCESSABLE)
    try:
        edit_clip(user, clip_id, now=timezone.now(), **form.words())
    except ReverieError as error:
        return _page(request, clip, form, status=refuse(form, error).status)
    messages.success(request, "Saved.")
    return redirect("web:clip", clip_id)


@require_POST
@signed_in
def delete(request: HttpRequest, user: User, clip_id: UUID) -> HttpResponse:
    """Take the clip away for good."""
    delete_clip(user, clip_id, now=timezone.now())
    messages.success(request, "The clip is deleted.")
    return redirect("web:profile", user.handle)
