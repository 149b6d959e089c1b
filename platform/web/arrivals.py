"""Where a request for a clip's page came from, as far as the browser says."""

import re
from urllib.parse import urlsplit

from django.http import HttpRequest

from feed.models.arrivals import CameFrom

# What fetches a page without anybody looking at it.
ROBOT = re.compile(
    r"bot|crawl|spider|slurp|preview|fetch|facebookexternalhit|whatsapp|telegram|embed|curl|wget"
    r"|python|java/|go-http|headless|monitor|lighthouse",
    re.IGNORECASE,
)
VIA_LINK = "via_link"
"""The cookie that a short link leaves for the page it leads to."""
VIA_LINK_SECONDS = 10
PLACES = (
    (re.compile(r"/@"), CameFrom.PROFILE),
    (re.compile(r"/search$"), CameFrom.SEARCH),
    (re.compile(r"/tags/"), CameFrom.TAG),
    (re.compile(r"/clips/"), CameFrom.CLIP),
    (re.compile(r"/$|/(following|latest|trending|unprofiled|feeds)\b"), CameFrom.FEED),
)


def is_looked_at(request: HttpRequest) -> bool:
    """Whether somebody will see the answer: no HEAD, no prefetch, no robot."""
    purpose = request.headers.get("Sec-Purpose", "") + request.headers.get("Purpose", "")
    browser = request.headers.get("User-Agent", "")
    is_asked = request.method == "GET" and "prefetch" not in purpose
    return is_asked and bool(browser) and not ROBOT.search(browser)


def came_from(request: HttpRequest) -> CameFrom:
    """The kind of page that led here; a page of ours that is no list of clips counts as none."""
    if request.COOKIES.get(VIA_LINK):
        return CameFrom.SHARE_LINK
    referer = urlsplit(request.headers.get("Referer", ""))
    if not referer.netloc:
        return CameFrom.DIRECT
    if referer.netloc != request.get_host():
        return CameFrom.ELSEWHERE
    return next((kind for path, kind in PLACES if path.match(referer.path)), CameFrom.DIRECT)
