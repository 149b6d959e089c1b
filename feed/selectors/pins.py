"""What people show first on their page."""

from accounts.models import User
from accounts.permissions import Viewer
from clips.models import Clip
from clips.selectors import visible_clips
from feed.cards import ClipCard, cards_of
from feed.models.pins import Pin


def is_pinned(clip: Clip) -> bool:
    """Whether its author shows the clip first."""
    return Pin.objects.filter(clip=clip).exists()


def pinned_clips(author: User, *, viewer: Viewer) -> list[ClipCard]:
    """The clips `author` pinned, in their order, of those that `viewer` may see."""
    pins = list(Pin.objects.filter(author=author).order_by("place").values_list("clip", flat=True))
    if not pins:
        return []
    shown = cards_of(visible_clips(viewer).filter(pk__in=pins), viewer=viewer)
    return sorted(shown, key=lambda card: pins.index(card["id"]))
