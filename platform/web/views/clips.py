"""A clip on its own page: watched, liked, talked about, and changed by its author."""

from uuid import UUID

from django.conf import settings
from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.http.response import HttpResponseBase
from django.shortcuts import redirect, render
from django.utils import timezone
from django.utils.cache import patch_vary_headers
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from accounts.models import User
from accounts.permissions import Viewer
from clips.models import Clip
from clips.selectors import clip_for
from clips.services import delete_clip, edit_clip
from clips.states import PUBLISHED
from common.errors import Invalid, ReverieError
from common.problems import problem_of
from feed.selectors.pages import clip_card
from feed.services.posting import post_comment, take_comment_away
from moderation.selectors.statements import standing_statement
from social.selectors.comments import comments_on
from social.selectors.shown import like_count_of
from social.services.liking import like, unlike
from web.access import is_fragment, signed_in
from web.forms import PostingForm, posting_form_of
from web.refusals import refuse
from web.shown import UNSETTLED, shown_comments, structured_data

COMMENTS_SHOWN = 100
UNPROCESSABLE = 422


@require_safe
def show(request: HttpRequest, clip_id: UUID) -> HttpResponse:
    """The clip; while it is being judged, its page asks again and hears nothing new (204)."""
    clip = clip_for(request.user, clip_id)
    if is_fragment(request) and clip.state in UNSETTLED:
        return HttpResponse(status=204)
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
        "structured_data": structured_data(card, origin=settings.REVERIE_URL),
        **_talk(clip, viewer=request.user),
    }
    response = render(request, "web/clip.html", context, status=status)
    patch_vary_headers(response, ["HX-Request"])
    return response


def _talk(clip: Clip, *, viewer: Viewer) -> dict[str, object]:
    newest = comments_on(clip, viewer=viewer).order_by("-id")[:COMMENTS_SHOWN]
    return {
        "clip_id": clip.pk,
        "comments": shown_comments(newest, clip=clip, viewer=viewer),
        "is_open": clip.state == PUBLISHED,
    }


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


@require_http_methods(["GET", "HEAD", "POST"])
def comments(request: HttpRequest, clip_id: UUID) -> HttpResponseBase:
    """What is said under the clip, and a place to say something."""
    if request.method == "POST":
        return _say(request, clip_id)
    if not is_fragment(request):
        return redirect("web:clip", clip_id)
    return _comments(request, clip_id)


@signed_in
def _say(request: HttpRequest, user: User, clip_id: UUID) -> HttpResponse:
    typed = request.POST.get("text", "")
    try:
        post_comment(user, clip_id, text=typed, now=timezone.now())
    except Invalid as error:
        return _comments(request, clip_id, typed=typed, refusal=error)
    return _comments(request, clip_id)


def _comments(
    request: HttpRequest, clip_id: UUID, *, typed: str = "", refusal: ReverieError | None = None
) -> HttpResponse:
    clip = clip_for(request.user, clip_id)
    status = UNPROCESSABLE if refusal else 200
    detail = problem_of(refusal).detail if refusal else ""
    if not is_fragment(request):
        if refusal:
            messages.error(request, detail)
        return redirect("web:clip", clip_id)
    context = {"typed": typed, "problem": detail, **_talk(clip, viewer=request.user)}
    return render(request, "web/parts/comments.html", context, status=status)


@require_POST
@signed_in
def remove(request: HttpRequest, user: User, comment_id: UUID) -> HttpResponse:
    """Take a comment away."""
    take_comment_away(user, comment_id, now=timezone.now())
    if is_fragment(request):
        return HttpResponse()
    return redirect("web:feed")


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
