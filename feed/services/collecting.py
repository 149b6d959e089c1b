"""Collections, whose titles are judged before anybody can read them."""

from datetime import datetime
from uuid import UUID

from accounts.models import User
from accounts.services import require_good_standing
from moderation.services.words import TextRefused, screen_profile
from social.models.saving import Collection
from social.services.saving import change_collection, checked_title, make_collection


def open_collection(
    owner: User, *, title: str, is_public: bool = False, now: datetime
) -> Collection:
    """A new, empty collection.  Raises Invalid, TooManySaved, and Refused for words we refuse."""
    _judge(owner, title, now=now)
    return make_collection(owner, title=title, is_public=is_public)


def edit_collection(
    owner: User,
    collection_id: UUID,
    *,
    title: str | None = None,
    is_public: bool | None = None,
    now: datetime,
) -> Collection:
    """Rename it, show it, hide it.  Raises NotFound, Invalid, and Refused for words we refuse."""
    if title is not None:
        _judge(owner, title, now=now)
    return change_collection(owner, collection_id, title=title, is_public=is_public)


def _judge(owner: User, title: str, *, now: datetime) -> None:
    require_good_standing(owner, now=now)
    try:
        screen_profile(owner=owner, text=checked_title(title), now=now)
    except TextRefused as refusal:
        raise TextRefused(refusal.message, field="title") from refusal
