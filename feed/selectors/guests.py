"""Reads of feeds that others make; every one takes the viewer."""

from uuid import UUID

from django.db.models import BooleanField, Count, Exists, OuterRef, Q, QuerySet, Subquery, Value

from accounts.models import User
from accounts.permissions import Viewer
from common.errors import NotFound
from common.pagination import NewestFirst
from feed.models.guests import GuestFeed, GuestReader
from social.models.people import Block

GUESTS = NewestFirst("guest_feeds")


def guest_feeds_for(viewer: Viewer) -> QuerySet[GuestFeed]:
    """The feeds `viewer` can choose: of people in good standing, on neither side of a block.

    Each with `reader_count`, `is_read` by the viewer, and `is_known`, whether its server may know
    the viewer by a pseudonym.
    """
    feeds = GuestFeed.objects.filter(owner__is_active=True).select_related("owner")
    feeds = feeds.annotate(reader_count=Count("readers__reader"))
    if not isinstance(viewer, User):
        nothing = Value(value=False, output_field=BooleanField())
        return feeds.annotate(is_read=nothing, is_known=nothing)
    blocked = Block.objects.filter(
        Q(blocker=viewer, blocked=OuterRef("owner_id"))
        | Q(blocked=viewer, blocker=OuterRef("owner_id"))
    )
    read = GuestReader.objects.filter(reader=viewer, feed=OuterRef("id"))
    known = read.filter(pseudonym__isnull=False)
    return feeds.exclude(Exists(blocked)).annotate(is_read=Exists(read), is_known=Exists(known))


def guest_feed_for(viewer: Viewer, feed_id: UUID) -> GuestFeed:
    """One of them.  Raises NotFound."""
    feed = guest_feeds_for(viewer).filter(pk=feed_id).first()
    if feed is None:
        raise NotFound("There is no such feed.")
    return feed


def feeds_read_by(viewer: Viewer) -> QuerySet[GuestFeed]:
    """The feeds the viewer keeps, the one they took last first."""
    if not isinstance(viewer, User):
        return GuestFeed.objects.none()
    kept = GuestReader.objects.filter(reader=viewer, feed=OuterRef("id"))
    taken = Subquery(kept.values("added_at")[:1])
    return guest_feeds_for(viewer).filter(Exists(kept)).annotate(taken=taken).order_by("-taken")


def pseudonym_of(viewer: Viewer, feed: GuestFeed) -> str:
    """What the feed's server may know the viewer by; empty unless they agreed to that."""
    if not isinstance(viewer, User):
        return ""
    readers = GuestReader.objects.filter(reader=viewer, feed=feed, pseudonym__isnull=False)
    found = readers.values_list("pseudonym", flat=True).first()
    return found.hex if found is not None else ""
