"""The admin: for moderators and admins in good standing, behind a second factor."""

from typing import Any

from allauth.account.authentication import get_authentication_records
from allauth.mfa.utils import is_mfa_enabled
from django.conf import settings
from django.contrib import messages
from django.contrib.admin import AdminSite
from django.contrib.auth.views import redirect_to_login
from django.core.exceptions import PermissionDenied
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.urls import reverse
from django.utils.decorators import method_decorator
from django.views.decorators.cache import never_cache

from accounts.models import Role, User
from accounts.permissions import has_role

NEEDS_SECOND_FACTOR = (
    "Moderators and admins need a second factor. "
    "Confirm your password, set one up, and then open the admin again."
)


class ReverieAdminSite(AdminSite):
    """Where moderators and admins work; its login page is the site's own."""

    site_title = site_header = "Reverie"
    index_title = "Moderation"

    def has_permission(self, request: HttpRequest) -> bool:
        """Whether `request` comes from a moderator or admin who gave their second factor."""
        if not _is_staff(request):
            return False
        return not settings.ADMIN_SECOND_FACTOR or _gave_second_factor(request)

    @method_decorator(never_cache)
    def login(self, request: HttpRequest, _extra_context: Any = None) -> HttpResponse:
        """Send the visitor to what is still missing: login, second factor, or the admin.

        Raises PermissionDenied for people whose role does not open the admin.
        """
        wanted = self._wanted(request)
        if not request.user.is_authenticated:
            return redirect_to_login(wanted)
        if not _is_staff(request):
            raise PermissionDenied
        if self.has_permission(request):
            return redirect(wanted)
        if not is_mfa_enabled(request.user):
            messages.warning(request, NEEDS_SECOND_FACTOR)
            return redirect_to_login(wanted, reverse("mfa_activate_totp"))
        return redirect_to_login(wanted, reverse("mfa_reauthenticate"))

    def _wanted(self, request: HttpRequest) -> str:
        """The admin page to go on to: never one of another site."""
        home = reverse("admin:index", current_app=self.name)
        wanted = request.GET.get("next", "")
        return wanted if wanted.startswith(home) else home


def _is_staff(request: HttpRequest) -> bool:
    user = request.user
    return isinstance(user, User) and user.is_staff and has_role(user, Role.MODERATOR)


def _gave_second_factor(request: HttpRequest) -> bool:
    records = get_authentication_records(request, request.user)
    return any(record["method"] == "mfa" for record in records)
