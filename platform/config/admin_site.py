"""The admin: for moderators and admins in good standing, behind a second factor."""

from typing import Any

from django.contrib.admin import AdminSite
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.urls import reverse
from django.utils.decorators import method_decorator
from django.views.decorators.cache import never_cache

from web.access import staff_of, way_in


class ReverieAdminSite(AdminSite):
    """Where records are read; its login page is the site's own."""

    site_title = site_header = "Reverie"
    index_title = "Records"

    def has_permission(self, request: HttpRequest) -> bool:
        """Whether `request` comes from a moderator or admin who gave their second factor."""
        return staff_of(request) is not None

    @method_decorator(never_cache)
    def login(self, request: HttpRequest, _extra_context: Any = None) -> HttpResponse:
        """Send the visitor to what is still missing: login, second factor, or the admin.

        Raises PermissionDenied for people whose role does not open the admin.
        """
        wanted = self._wanted(request)
        if self.has_permission(request):
            return redirect(wanted)
        return way_in(request, wanted=wanted)

    def _wanted(self, request: HttpRequest) -> str:
        """The admin page to go on to: never one of another site."""
        home = reverse("admin:index", current_app=self.name)
        wanted = request.GET.get("next", "")
        return wanted if wanted.startswith(home) else home
