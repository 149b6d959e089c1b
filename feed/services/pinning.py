"""Pin clips to one's page."""

from uuid import UUID

from django.db import transaction

from accounts.models import User
from clips.selectors import clip_for
from clips.states import PUBLISHED
from common.errors import Conflict, Denied
from feed.models.pins import MOST_PINS, Pin


class TooManyPins(Conflict):
    """As many clips are pinned as can be."""

    code = "too_many_pins"


def pin_clip(author: User, clip_id: UUID) -> None:
    """Show one's own published clip first, behind those pinned before; again is no error.

    Raises NotFound, Denied, Conflict for a clip that is not published, TooManyPins.
    """
    clip = clip_for(author, clip_id)
    if clip.author_id != author.pk:
        raise Denied("Only clips of one's own can be pinned.")
    if clip.state != PUBLISHED:
        raise Conflict("Only a published clip can be pinned.")
    with transaction.atomic():
        # The row lock makes two requests of one person count one after the other.
        User.objects.select_for_update().get(pk=author.pk)
        pins = Pin.objects.filter(author=author)
        if pins.filter(clip=clip).exists():
            return
        # One that is not published any more makes room.
        pins.exclude(clip__state=PUBLISHED).delete()
        if len(kept := list(pins.order_by("place"))) >= MOST_PINS:
            raise TooManyPins(f"{MOST_PINS} clips are pinned; take one down first.")
        _number(kept)
        Pin.objects.create(clip=clip, author=author, place=len(kept) + 1)


def unpin_clip(author: User, clip_id: UUID) -> None:
    """Show a clip first no longer; one that is not pinned is no error.  Raises NotFound."""
    clip_for(author, clip_id)
    with transaction.atomic():
        User.objects.select_for_update().get(pk=author.pk)
        Pin.objects.filter(author=author, clip=clip_id).delete()
        _number(list(Pin.objects.filter(author=author).order_by("place")))


def _number(pins: list[Pin]) -> None:
    for place, pin in enumerate(pins, start=1):
        pin.place = place
    Pin.objects.bulk_update(pins, ["place"])
