"""Registering, reading and removing feeds that others make."""

from datetime import datetime
from urllib.parse import urlsplit
from uuid import UUID, uuid4

from django.conf import settings
from django.db import IntegrityError, transaction

from accounts.models import Role, User
from accounts.permissions import has_role, require_role
from accounts.selectors import is_minor
from accounts.services import require_good_standing
from common.errors import Conflict, Denied, Invalid
from common.outgoing import AddressRefused, UnableToFetch, check_address, target_of
from feed.models.guests import (
    MAX_DESCRIPTION_LENGTH,
    MAX_NAME_LENGTH,
    MAX_URL_LENGTH,
    GuestFeed,
    GuestReader,
)
from feed.selectors.guests import guest_feed_for
from feed.serving.skeletons import UnableToReadSkeleton, asked_skeleton, outgoing_rules
from moderation.services.words import TextRefused, screen_profile

MAX_FEEDS_PER_PERSON = 20
MAX_FEEDS_READ = 50


class TooManyFeeds(Conflict):
    """The person has, or reads, as many feeds as one may."""

    code = "too_many_feeds"


class AlreadyRegistered(Conflict):
    """The person has registered this address before."""

    code = "already_registered"


class FeedAnswersWrong(Invalid):
    """The address does not answer as a feed does."""

    code = "feed_answers_wrong"
    field = "url"


class NoPseudonymForMinors(Denied):
    """Nobody under age is told apart by somebody else's server."""

    code = "minor"


def register_feed(
    owner: User, *, name: str, description: str, url: str, now: datetime
) -> GuestFeed:
    """A feed that anybody can choose from now on; its server was asked once, and answered.

    Raises Denied, Invalid, AddressRefused, FeedAnswersWrong, TextRefused, TooManyFeeds,
    AlreadyRegistered.
    """
    require_role(owner, Role.CREATOR)
    require_good_standing(owner, now=now)
    name = _plain(name, field="name", longest=MAX_NAME_LENGTH)
    description = _plain(description, field="description", longest=MAX_DESCRIPTION_LENGTH)
    if not name:
        raise Invalid("A feed needs a name.", field="name")
    url = url.strip()
    _check_url(url)
    _check_room(owner, url)
    try:
        screen_profile(owner=owner, text=f"{name}\n{description}", now=now)
    except TextRefused as refusal:
        raise TextRefused(refusal.message, field="name") from None
    try:
        asked_skeleton(url)
    except UnableToReadSkeleton as error:
        raise FeedAnswersWrong(f"The address did not answer as a feed does. {error}") from None
    try:
        with transaction.atomic():
            return GuestFeed.objects.create(
                owner=owner, name=name, description=description, url=url, created_at=now
            )
    except IntegrityError:
        raise AlreadyRegistered("You have registered this address before.") from None


def remove_feed(actor: User, feed_id: UUID) -> None:
    """Take one's own feed away for everybody; moderators can take any.  Raises NotFound, Denied."""
    feed = guest_feed_for(actor, feed_id)
    if feed.owner_id != actor.pk and not has_role(actor, Role.MODERATOR):
        raise Denied("Only who registered a feed can remove it.")
    GuestFeed.objects.filter(pk=feed.pk).delete()


def read_feed(reader: User, feed_id: UUID, *, is_known: bool, now: datetime) -> None:
    """Keep a feed among one's own; `is_known` lets its server know the reader by a pseudonym.

    The pseudonym is random, and another for every feed; agreeing anew makes a new one.
    Raises NotFound, TooManyFeeds, NoPseudonymForMinors.
    """
    feed = guest_feed_for(reader, feed_id)
    if is_known and is_minor(reader, now=now):
        raise NoPseudonymForMinors("Feeds of others are told nothing about people under 18.")
    kept = GuestReader.objects.filter(reader=reader, feed=feed).first()
    if kept is None:
        if GuestReader.objects.filter(reader=reader).count() >= MAX_FEEDS_READ:
            raise TooManyFeeds(f"You keep {MAX_FEEDS_READ} feeds; let one go first.")
        GuestReader.objects.get_or_create(reader=reader, feed=feed, defaults={"added_at": now})
    if kept is None or (kept.pseudonym is not None) is not is_known:
        pseudonym = uuid4() if is_known else None
        GuestReader.objects.filter(reader=reader, feed=feed).update(pseudonym=pseudonym)


def leave_feed(reader: User, feed_id: UUID) -> None:
    """Keep the feed no more; whatever pseudonym there was is forgotten."""
    GuestReader.objects.filter(reader=reader, feed_id=feed_id).delete()


def _check_url(url: str) -> None:
    if len(url) > MAX_URL_LENGTH:
        raise AddressRefused(f"An address has at most {MAX_URL_LENGTH} characters.")
    target = target_of(url, rules=outgoing_rules())
    ours = urlsplit(settings.REVERIE_URL)
    if (target.host, target.port) == (ours.hostname, ours.port or target.port):
        raise AddressRefused("This is our own address; a feed is made somewhere else.")
    try:
        check_address(url, rules=outgoing_rules())
    except UnableToFetch as error:
        raise FeedAnswersWrong(f"The address can not be asked. {error}") from None


def _check_room(owner: User, url: str) -> None:
    feeds = GuestFeed.objects.filter(owner=owner)
    if feeds.filter(url=url).exists():
        raise AlreadyRegistered("You have registered this address before.")
    if feeds.count() >= MAX_FEEDS_PER_PERSON:
        raise TooManyFeeds(f"You have {MAX_FEEDS_PER_PERSON} feeds; remove one first.")


def _plain(text: str, *, field: str, longest: int) -> str:
    """The text on one line, without what can not be seen.  Raises Invalid."""
    text = " ".join("".join(one if one.isprintable() else " " for one in text).split())
    if len(text) > longest:
        raise Invalid(f"At most {longest} characters.", field=field)
    return text
