"""What is said under clips: comments in pages, their replies, and places to say something."""

from dataclasses import replace
from uuid import UUID

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.http.response import HttpResponseBase
from django.shortcuts import redirect, render
from django.utils import timezone
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from accounts.models import User
from accounts.permissions import Viewer
from clips.models import Clip
from clips.selectors import clip_for
from clips.states import PUBLISHED
from common.errors import Invalid, NotFound, ReverieError
from common.pagination import NewestFirst, OldestFirst, Page
from common.problems import problem_of
from feed.services.posting import post_comment, take_comment_away
from social.limits import ChangesPerPerson, CommentsPerPerson
from social.models.comments import Comment
from social.selectors.comments import comments_on, readable_comments, replies_to, thread_for
from social.selectors.people import named_in
from web.access import is_fragment, signed_in
from web.limited import limited
from web.shown import ShownComment, shown_comments

PER_PAGE = 20
UNPROCESSABLE = 422
COMMENTS = NewestFirst("page:comments")
REPLIES = OldestFirst("page:replies")


def talk(
    clip: Clip, *, viewer: Viewer, cursor: str | None = None, wanted: str = ""
) -> dict[str, object]:
    """What `parts/comments.html` shows; the comment `wanted` (an id) stands first, its thread open.

    Raises UnableToReadCursor.
    """
    rows = list(COMMENTS.ordered(comments_on(clip, viewer=viewer), cursor)[: PER_PAGE + 1])
    page = COMMENTS.cut(rows, limit=PER_PAGE, position=lambda row: (None, row.pk))
    shown = shown_comments(page.items, clip=clip, viewer=viewer)
    if wanted:
        shown = _with_wanted(shown, wanted, clip=clip, viewer=viewer)
    texts = [text for one in shown for text in one.texts]
    return {
        "clip_id": clip.pk,
        "comments": shown,
        "more_comments": page.next_cursor,
        "is_open": clip.state == PUBLISHED,
        "known": named_in([*texts, clip.caption], viewer=viewer),
    }


def _with_wanted(
    shown: list[ShownComment], wanted: str, *, clip: Clip, viewer: Viewer
) -> list[ShownComment]:
    try:
        found = readable_comments(viewer).get(pk=UUID(wanted), clip=clip)
        thread = thread_for(viewer, found.reply_to_id or found.pk)
    except (ValueError, Comment.DoesNotExist, NotFound):
        return shown
    first = _opened(thread, viewer=viewer)
    return [first, *(one for one in shown if one.comment.pk != thread.pk)]


def _opened(thread: Comment, *, viewer: Viewer, cursor: str | None = None) -> ShownComment:
    page = _replies(thread, viewer=viewer, cursor=cursor)
    thread.reply_count = 0  # type: ignore[attr-defined]
    one = shown_comments([thread], clip=thread.clip, viewer=viewer)[0]
    replies = shown_comments(page.items, clip=thread.clip, viewer=viewer)
    return replace(one, replies=replies, more_replies=page.next_cursor)


def _replies(thread: Comment, *, viewer: Viewer, cursor: str | None) -> Page[Comment]:
    rows = REPLIES.ordered(replies_to(thread, viewer=viewer), cursor)[: PER_PAGE + 1]
    return REPLIES.cut(list(rows), limit=PER_PAGE, position=lambda row: (None, row.pk))


@require_http_methods(["GET", "HEAD", "POST"])
def comments(request: HttpRequest, clip_id: UUID) -> HttpResponseBase:
    """What is said under the clip, and a place to say something."""
    if request.method == "POST":
        return _say(request, clip_id)
    if not is_fragment(request):
        return redirect("web:clip", clip_id)
    clip, cursor = clip_for(request.user, clip_id), request.GET.get("cursor")
    context = talk(clip, viewer=request.user, cursor=cursor)
    template = "web/parts/said.html" if cursor else "web/parts/comments.html"
    return render(request, template, context)


@require_safe
def replies(request: HttpRequest, comment_id: UUID) -> HttpResponse:
    """What is answered to a comment."""
    thread = thread_for(request.user, comment_id)
    if not is_fragment(request):
        return redirect(_place_of(thread))
    cursor = request.GET.get("cursor")
    shown = _opened(thread, viewer=request.user, cursor=cursor)
    known = named_in(shown.texts, viewer=request.user)
    context = {"one": shown, "clip_id": thread.clip_id, "is_open": True, "known": known}
    return render(request, "web/parts/replies.html", context)


@limited(CommentsPerPerson)
@signed_in
def _say(request: HttpRequest, user: User, clip_id: UUID) -> HttpResponse:
    typed, answered = request.POST.get("text", ""), _answered(request)
    said, refusal = None, None
    try:
        said = post_comment(user, clip_id, text=typed, reply_to=answered, now=timezone.now())
    except Invalid as error:
        refusal = error
    if not is_fragment(request):
        if refusal is not None:
            messages.error(request, problem_of(refusal).detail)
        return redirect(_place_of(said) if said else f"/clips/{clip_id}#comments")
    if answered is not None:
        return _thread(request, answered, typed=typed, refusal=refusal)
    return _comments(request, clip_id, typed=typed, refusal=refusal)


def _answered(request: HttpRequest) -> UUID | None:
    text = request.POST.get("reply_to", "")
    try:
        return UUID(text) if text else None
    except ValueError as error:
        raise NotFound("There is no such comment.") from error


def _comments(
    request: HttpRequest, clip_id: UUID, *, typed: str, refusal: ReverieError | None
) -> HttpResponse:
    context = talk(clip_for(request.user, clip_id), viewer=request.user)
    if refusal is not None:
        context |= {"typed": typed, "problem": problem_of(refusal).detail}
    status = UNPROCESSABLE if refusal else 200
    return render(request, "web/parts/comments.html", context, status=status)


def _thread(
    request: HttpRequest, answered: UUID, *, typed: str, refusal: ReverieError | None
) -> HttpResponse:
    """The whole thread anew, opened; after a refusal with what was typed."""
    above = readable_comments(request.user).filter(pk=answered).first()
    thread = thread_for(request.user, (above and above.reply_to_id) or answered)
    shown = _opened(thread, viewer=request.user)
    known = named_in(shown.texts, viewer=request.user)
    context = {"one": shown, "clip_id": thread.clip_id, "is_open": True, "known": known}
    if refusal is not None:
        context |= {"problem_at": answered, "typed": typed, "problem": problem_of(refusal).detail}
    status = UNPROCESSABLE if refusal else 200
    return render(request, "web/parts/talk.html", context, status=status)


@require_POST
@limited(ChangesPerPerson)
@signed_in
def remove(request: HttpRequest, user: User, comment_id: UUID) -> HttpResponse:
    """Take a comment away."""
    take_comment_away(user, comment_id, now=timezone.now())
    if is_fragment(request):
        return HttpResponse()
    return redirect("web:feed")


def _place_of(comment: Comment) -> str:
    return f"/clips/{comment.clip_id}?comment={comment.pk}#comment-{comment.pk}"
