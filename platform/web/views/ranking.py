"""How clips are ranked, in the open."""

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.views.decorators.http import require_safe

from feed.serving.publishing import published_ranking


@require_safe
def ranking(request: HttpRequest) -> HttpResponse:
    """The parameters in force, what the models learned last, and what is never used."""
    return render(request, "web/ranking.html", {"told": published_ranking()})
