"""A person's page, and following them."""

from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils.cache import patch_vary_headers
from django.views.decorators.http import require_POST, require_safe

from accounts.models import User
from accounts.selectors import picture_url
from common.errors import Invalid
from common.pagination import PageRequest
from feed.selectors.pages import clips_by
from social.selectors.people import profile_of
from social.services.following import follow, unfollow
from web.access import is_fragment, signed_in

CLIPS_PER_PAGE = 24


@require_safe
def profile(request: HttpRequest, handle: str) -> HttpResponse:
    """The person and their clips; they themselves see also those that are not published."""
    asked = PageRequest(cursor=request.GET.get("cursor"), limit=CLIPS_PER_PAGE)
    person = profile_of(handle, viewer=request.user)
    context = {
        "place": "me" if person.is_viewer else "",
        "profile": person,
        "picture_url": picture_url(person.user.handle, person.user.picture_digest),
        "page": clips_by(handle, viewer=request.user, asked=asked),
        "more_url": reverse("web:profile", args=[person.user.handle]),
    }
    template = "web/parts/tiles.html" if is_fragment(request) else "web/profile.html"
    response = render(request, template, context)
    patch_vary_headers(response, ["HX-Request"])
    return response


@require_POST
@signed_in
def change_follow(request: HttpRequest, user: User, handle: str) -> HttpResponse:
    """Follow (`followed=yes`) or follow no more (`followed=no`)."""
    answer = request.POST.get("followed")
    if answer not in {"yes", "no"}:
        raise Invalid("`followed` is yes or no.", field="followed")
    is_followed = answer == "yes"
    (follow if is_followed else unfollow)(user, handle)
    if not is_fragment(request):
        return redirect("web:profile", handle)
    context = {"handle": handle, "is_followed": is_followed}
    return render(request, "web/parts/follow.html", context)
