"""Short links."""

import re

from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.utils import timezone
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_safe

from social.limits import SharesPerPerson
from social.services.sharing import follow_link
from web.arrivals import VIA_LINK, VIA_LINK_SECONDS

# What fetches a link without anybody following it: programs that draw previews, and robots.
ROBOT = re.compile(
    r"bot|crawl|spider|slurp|preview|fetch|facebookexternalhit|whatsapp|telegram|embed|curl|wget"
    r"|python|java/|go-http|headless|monitor|lighthouse",
    re.IGNORECASE,
)


@never_cache
@require_safe
def follow(request: HttpRequest, token: str) -> HttpResponse:
    """Lead to the clip and count the visit; a clip that is not there for this viewer is a 404."""
    clip = follow_link(token, viewer=request.user, visitor=_visitor(request), now=timezone.now())
    response = redirect("web:clip", clip.pk)
    response["X-Robots-Tag"] = "noindex"
    response.set_cookie(
        VIA_LINK, "1", max_age=VIA_LINK_SECONDS, httponly=True, samesite="Lax",
        secure=request.is_secure(),
    )  # fmt: skip
    return response


def _visitor(request: HttpRequest) -> str | None:
    """What tells visitors apart; None for who is none: a HEAD, a prefetch, a robot."""
    purpose = request.headers.get("Sec-Purpose", "") + request.headers.get("Purpose", "")
    browser = request.headers.get("User-Agent", "")
    if request.method != "GET" or "prefetch" in purpose or not browser or ROBOT.search(browser):
        return None
    return f"{SharesPerPerson().who(request)} {browser}"
