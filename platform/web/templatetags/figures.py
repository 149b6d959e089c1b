"""Numbers as authors read them."""

from django import template

from feed.models.arrivals import CameFrom
from feed.selectors.analytics import FEWEST, Figures

register = template.Library()

TITLES = {
    "reach": "People reached",
    "impressions": "Impressions",
    "views": "Views",
    "likes": "Likes",
    "comments": "Comments",
    "shares": "Shares",
    "saves": "Saves",
    "remixes": "Remixes",
}
PLACES = {
    CameFrom.FEED: "The feed",
    CameFrom.PROFILE: "Your profile",
    CameFrom.SEARCH: "Search",
    CameFrom.TAG: "Hashtags",
    CameFrom.CLIP: "Other clips",
    CameFrom.SHARE_LINK: "Shared links",
    CameFrom.ELSEWHERE: "Other sites",
    CameFrom.DIRECT: "Directly",
}


@register.filter
def told(count: int | None) -> str:
    """The number, or that it is too small to be told."""
    return f"under {FEWEST}" if count is None else f"{count:,}"


@register.filter
def percent(share: float) -> str:
    """The share in percent."""
    return f"{share:.0%}"


@register.filter
def figures(of: Figures) -> list[tuple[str, str]]:
    """Each sum with its title."""
    return [(title, told(getattr(of, name))) for name, title in TITLES.items()]


@register.filter
def place_title(name: str) -> str:
    """A kind of place in words."""
    return PLACES[CameFrom(name)]
