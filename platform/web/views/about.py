"""What the labels mean, and other questions."""

from django.conf import settings
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.templatetags.static import static
from django.views.decorators.http import require_safe


@require_safe
def about(request: HttpRequest) -> HttpResponse:
    """The page behind every label."""
    return render(request, "web/about.html", {"api_url": f"{settings.REVERIE_URL}/v1"})


@require_safe
def favicon(_request: HttpRequest) -> HttpResponse:
    """Where browsers look without being told."""
    return redirect(static("web/favicon.svg"))
