"""One's own account: profile and API keys."""

from typing import Any
from uuid import UUID

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils import timezone
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_http_methods, require_POST

from accounts.models import User
from accounts.selectors import api_keys_of, picture_url
from accounts.services import (
    create_api_key,
    revoke_api_key,
    set_own_birth_year,
    set_picture,
    update_profile,
)
from common.errors import ReverieError
from moderation.services.words import screen_profile
from web.access import signed_in
from web.forms import BirthYearForm, KeyForm, ProfileForm
from web.refusals import refuse

UNPROCESSABLE = 422


@never_cache
@require_http_methods(["GET", "HEAD", "POST"])
@signed_in
def settings(request: HttpRequest, user: User) -> HttpResponse:
    """Name, words about oneself and picture; keys and safety beside them."""
    if request.method != "POST":
        return _page(request, user)
    form = ProfileForm(request.POST, request.FILES)
    if not form.is_valid():
        return _page(request, user, profile_form=form, status=UNPROCESSABLE)
    try:
        _save_profile(user, form.cleaned_data)
    except ReverieError as error:
        return _page(request, user, profile_form=form, status=refuse(form, error).status)
    messages.success(request, "Saved.")
    return redirect("web:settings")


def _save_profile(user: User, data: dict[str, Any]) -> None:
    words = {"display_name": data["display_name"], "bio": data["bio"]}
    screen_profile(owner=user, text="\n".join(words.values()), now=timezone.now())
    if data["picture"] is not None:
        set_picture(user, data["picture"].read())
    update_profile(user, **words)


def _page(request: HttpRequest, user: User, *, status: int = 200, **shown: Any) -> HttpResponse:
    initial = {"display_name": user.display_name, "bio": user.bio}
    context = {
        "place": "settings",
        "profile_form": ProfileForm(initial=initial),
        "age_form": BirthYearForm(initial={"birth_year": user.birth_year}),
        "key_form": KeyForm(),
        "keys": api_keys_of(user),
        "picture_url": picture_url(user.handle, user.picture_digest),
        **shown,
    }
    return render(request, "web/settings.html", context, status=status)


@never_cache
@require_POST
@signed_in
def change_birth_year(request: HttpRequest, user: User) -> HttpResponse:
    """Keep the year of birth; what is refused is said beside it."""
    form = BirthYearForm(request.POST)
    if not form.is_valid():
        return _page(request, user, age_form=form, status=UNPROCESSABLE)
    try:
        set_own_birth_year(user, form.cleaned_data["birth_year"], now=timezone.now())
    except ReverieError as error:
        return _page(request, user, age_form=form, status=refuse(form, error).status)
    messages.success(request, "Saved.")
    return redirect("web:settings")


@never_cache
@require_POST
@signed_in
def create_key(request: HttpRequest, user: User) -> HttpResponse:
    """Make an API key and show its secret, this once."""
    form = KeyForm(request.POST)
    if not form.is_valid():
        return _page(request, user, key_form=form, status=UNPROCESSABLE)
    try:
        _, secret = create_api_key(user, name=form.cleaned_data["name"], now=timezone.now())
    except ReverieError as error:
        return _page(request, user, key_form=form, status=refuse(form, error).status)
    return _page(request, user, secret=secret)


@require_POST
@signed_in
def revoke_key(request: HttpRequest, user: User, key_id: UUID) -> HttpResponse:
    """Make a key useless."""
    revoke_api_key(user, key_id, now=timezone.now())
    messages.success(request, "The key is revoked.")
    return redirect("web:settings")
