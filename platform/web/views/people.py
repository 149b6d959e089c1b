"""A person's page, who follows them, and what one is to them: following, blocking, muting."""

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils.cache import patch_vary_headers
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_POST, require_safe

from accounts.models import User
from accounts.selectors import picture_url
from common.errors import Invalid, NotFound
from common.pagination import NewestFirst, Page, PageRequest
from feed.cards import ClipCard
from feed.selectors.pages import clips_by
from feed.selectors.pins import pinned_clips
from social.limits import ChangesPerPerson
from social.selectors.hiding import has_blocked, person_for
from social.selectors.people import (
    blocks_of,
    followed_among,
    followed_by,
    followers_of,
    mutes_of,
    mutuals_of,
    profile_of,
)
from social.selectors.saving import shelves_of
from social.services.blocking import block, mute, unblock, unmute
from social.services.following import follow, unfollow
from web.access import is_fragment, signed_in
from web.limited import limited

CLIPS_PER_PAGE = 24
PEOPLE_PER_PAGE = 50
MOST_LISTED = 12
LISTS = {
    "followers": ("Followers", followers_of, "follower"),
    "followed": ("Following", followed_by, "followee"),
    "mutuals": ("Mutual", mutuals_of, "follower"),
}
BLOCKS = NewestFirst("page:blocks", time="created_at", key="blocked_id")
MUTES = NewestFirst("page:mutes", time="created_at", key="muted_id")


@require_safe
def profile(request: HttpRequest, handle: str) -> HttpResponse:
    """The person and their clips; they themselves see also those that are not published."""
    asked = PageRequest(cursor=request.GET.get("cursor"), limit=CLIPS_PER_PAGE)
    try:
        person = profile_of(handle, viewer=request.user)
    except NotFound:
        if not has_blocked(request.user, handle):
            raise
        shown = {"handle": handle.lower().removeprefix("@")}
        return render(request, "web/blocked.html", shown)
    context = {
        "place": "me" if person.is_viewer else "",
        "profile": person,
        "picture_url": picture_url(person.user.handle, person.user.picture_digest),
        "collections": shelves_of(person.user, viewer=request.user).order_by("-pk")[:MOST_LISTED],
        "pinned": _pinned(person.user, request) if asked.cursor is None else None,
        "page": clips_by(handle, viewer=request.user, asked=asked),
        "more_url": reverse("web:profile", args=[person.user.handle]),
    }
    template = "web/parts/tiles.html" if is_fragment(request) else "web/profile.html"
    response = render(request, template, context)
    patch_vary_headers(response, ["HX-Request"])
    return response


def _pinned(author: User, request: HttpRequest) -> Page[ClipCard] | None:
    pinned = pinned_clips(author, viewer=request.user)
    return Page(pinned, None) if pinned else None


@require_safe
def followers(request: HttpRequest, handle: str) -> HttpResponse:
    """Who follows the person."""
    return _people(request, handle, "followers")


@require_safe
def followed(request: HttpRequest, handle: str) -> HttpResponse:
    """Whom the person follows."""
    return _people(request, handle, "followed")


@require_safe
def mutuals(request: HttpRequest, handle: str) -> HttpResponse:
    """Who follows the person and is followed back."""
    return _people(request, handle, "mutuals")


def _people(request: HttpRequest, handle: str, which: str) -> HttpResponse:
    user = person_for(request.user, handle)
    title, rows_of, who = LISTS[which]
    line = NewestFirst(f"page:{which}", time="created_at", key=f"{who}_id")
    rows = line.ordered(rows_of(user, viewer=request.user), request.GET.get("cursor"))
    page = line.cut(
        list(rows[: PEOPLE_PER_PAGE + 1]),
        limit=PEOPLE_PER_PAGE,
        position=lambda row: (row.created_at, getattr(row, f"{who}_id")),
    )
    people = [getattr(row, who) for row in page.items]
    context = {
        "person": user,
        "tabs": [
            (name, words, reverse(f"web:{name}", args=[user.handle]))
            for name, (words, _, _) in LISTS.items()
        ],
        "which": which,
        "title": title,
        "people": [(one, picture_url(one.handle, one.picture_digest)) for one in people],
        "followed": followed_among(request.user, people),
        "next_cursor": page.next_cursor,
    }
    return render(request, "web/people.html", context)


@require_POST
@limited(ChangesPerPerson)
@signed_in
def change_follow(request: HttpRequest, user: User, handle: str) -> HttpResponse:
    """Follow (`followed=yes`) or follow no more (`followed=no`)."""
    is_followed = _yes_or_no(request, "followed")
    (follow if is_followed else unfollow)(user, handle)
    if not is_fragment(request):
        return redirect("web:profile", handle)
    context = {"handle": handle, "is_followed": is_followed}
    return render(request, "web/parts/follow.html", context)


@require_POST
@limited(ChangesPerPerson)
@signed_in
def change_block(request: HttpRequest, user: User, handle: str) -> HttpResponse:
    """Block (`blocked=yes`) or unblock (`blocked=no`)."""
    is_blocked = _yes_or_no(request, "blocked")
    (block if is_blocked else unblock)(user, handle)
    shown = handle.lower().removeprefix("@")
    said = f"@{shown} is blocked." if is_blocked else f"@{shown} is not blocked any more."
    messages.success(request, said)
    return redirect(_back(request, handle))


@require_POST
@limited(ChangesPerPerson)
@signed_in
def change_mute(request: HttpRequest, user: User, handle: str) -> HttpResponse:
    """Mute (`muted=yes`) or unmute (`muted=no`)."""
    is_muted = _yes_or_no(request, "muted")
    (mute if is_muted else unmute)(user, handle)
    shown = handle.lower().removeprefix("@")
    said = (
        f"@{shown} is muted: your lists are without them."
        if is_muted
        else f"@{shown} is not muted any more."
    )
    messages.success(request, said)
    return redirect(_back(request, handle))


@never_cache
@require_safe
@signed_in
def hidden(request: HttpRequest, user: User) -> HttpResponse:
    """Whom I blocked and muted."""
    blocks = BLOCKS.ordered(blocks_of(user), request.GET.get("blocks"))[: PEOPLE_PER_PAGE + 1]
    mutes = MUTES.ordered(mutes_of(user), request.GET.get("mutes"))[: PEOPLE_PER_PAGE + 1]
    context = {
        "place": "settings",
        "blocks": BLOCKS.cut(
            list(blocks),
            limit=PEOPLE_PER_PAGE,
            position=lambda row: (row.created_at, row.blocked_id),
        ),
        "mutes": MUTES.cut(
            list(mutes), limit=PEOPLE_PER_PAGE, position=lambda row: (row.created_at, row.muted_id)
        ),
    }
    return render(request, "web/hidden_people.html", context)


def _back(request: HttpRequest, handle: str) -> str:
    """To the list in the settings, when that is where the button was, else to the person."""
    is_listed = request.POST.get("back") == "settings"
    return reverse("web:hidden-people") if is_listed else reverse("web:profile", args=[handle])


def _yes_or_no(request: HttpRequest, name: str) -> bool:
    answer = request.POST.get(name)
    if answer not in {"yes", "no"}:
        raise Invalid(f"`{name}` is yes or no.", field=name)
    return answer == "yes"
