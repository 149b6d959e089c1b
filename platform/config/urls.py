"""Every address of the site."""

from django.contrib import admin
from django.http import HttpRequest, HttpResponse
from django.urls import include, path
from drf_spectacular.views import SpectacularAPIView


def healthz(_request: HttpRequest) -> HttpResponse:
    """Answers when the web server does."""
    return HttpResponse("ok", content_type="text/plain")


urlpatterns = [
    # First, because it is asked for most: every pattern before it costs.
    path("api/v1/", include("feed.urls")),
    path("healthz", healthz, name="healthz"),
    path("admin/", admin.site.urls),
    path("accounts/", include("allauth.urls")),
    path("v1/", include("generation.urls")),
    path("api/v1/", include("accounts.urls")),
    path("api/v1/", include("social.urls")),
    path("api/v1/", include("moderation.urls")),
    path("api/v1/", include("uploads.urls")),
    path("api/v1/schema", SpectacularAPIView.as_view(), name="schema"),
    path("", include("clips.urls")),
    path("", include("web.urls")),
]

handler400 = "common.wire.bad_request"
handler403 = "common.wire.permission_denied"
handler404 = "common.wire.not_found"
handler500 = "common.wire.server_error"
