"""Who may open a page: anybody signed in, or moderators and admins with their second factor."""

from collections.abc import Callable
from functools import wraps
from typing import Concatenate, ParamSpec

from allauth.account.authentication import get_authentication_records
from allauth.mfa.utils import is_mfa_enabled
from django.conf import settings
from django.contrib import messages
from django.contrib.auth.views import redirect_to_login
from django.core.exceptions import PermissionDenied
from django.http import HttpRequest, HttpResponse
from django.http.response import HttpResponseBase
from django.shortcuts import resolve_url
from django.urls import reverse
from django.views.decorators.cache import never_cache
from django_htmx.http import HttpResponseClientRedirect

from accounts.models import Role, User
from accounts.permissions import has_role

NEEDS_SECOND_FACTOR = (
    "Moderators and admins need a second factor. "
    "Confirm your password, set one up, and then come back."
)

DESK = "web:desk"

P = ParamSpec("P")
View = Callable[Concatenate[HttpRequest, P], HttpResponseBase]
PersonalView = Callable[Concatenate[HttpRequest, User, P], HttpResponseBase]


def signed_in(view: PersonalView[P]) -> View[P]:
    """The view, given the person asking; a visitor is sent to log in, and back afterwards."""

    @wraps(view)
    def guarded(request: HttpRequest, /, *args: P.args, **kwargs: P.kwargs) -> HttpResponseBase:
        if isinstance(request.user, User):
            return view(request, request.user, *args, **kwargs)
        if is_fragment(request):
            return HttpResponseClientRedirect(resolve_url("account_login"))
        return redirect_to_login(request.get_full_path())

    return guarded


def is_fragment(request: HttpRequest) -> bool:
    """Whether htmx asks, for a piece of a page."""
    return request.headers.get("HX-Request") == "true"


def staff_of(request: HttpRequest) -> User | None:
    """The moderator or admin who asks and gave their second factor, or None."""
    user = _with_role(request)
    if user is None:
        return None
    return user if not settings.ADMIN_SECOND_FACTOR or _gave_second_factor(request) else None


def way_in(request: HttpRequest, *, wanted: str) -> HttpResponse:
    """Send who may not enter yet to what is missing, login or second factor, and back to `wanted`.

    Raises PermissionDenied for people whose role opens nothing here.
    """
    if not request.user.is_authenticated:
        return redirect_to_login(wanted)
    if _with_role(request) is None:
        raise PermissionDenied
    if is_mfa_enabled(request.user):
        return redirect_to_login(wanted, reverse("mfa_reauthenticate"))
    messages.warning(request, NEEDS_SECOND_FACTOR)
    return redirect_to_login(wanted, reverse("mfa_activate_totp"))


def for_reviewers(view: PersonalView[P]) -> View[P]:
    """The view, given the moderator or admin asking, who has given their second factor."""

    @never_cache
    @wraps(view)
    def guarded(request: HttpRequest, /, *args: P.args, **kwargs: P.kwargs) -> HttpResponseBase:
        user = staff_of(request)
        if user is not None:
            return view(request, user, *args, **kwargs)
        wanted = request.get_full_path() if request.method in {"GET", "HEAD"} else reverse(DESK)
        return way_in(request, wanted=wanted)

    return guarded


def _with_role(request: HttpRequest) -> User | None:
    user = request.user
    if isinstance(user, User) and user.is_staff and has_role(user, Role.MODERATOR):
        return user
    return None


def _gave_second_factor(request: HttpRequest) -> bool:
    records = get_authentication_records(request, request.user)
    return any(record["method"] == "mfa" for record in records)
