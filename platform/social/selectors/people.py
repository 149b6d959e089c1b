"""People as others see them, and whom they follow."""

from dataclasses import dataclass

from django.db.models import QuerySet

from accounts.models import User
from accounts.permissions import Viewer
from accounts.selectors import person
from clips.selectors import visible_clips
from social.models.people import Follow


@dataclass(frozen=True)
class Profile:
    """A person as `viewer` sees them."""

    user: User
    follower_count: int
    following_count: int
    clip_count: int
    is_followed: bool
    is_viewer: bool


def profile_of(handle: str, *, viewer: Viewer) -> Profile:
    """The person with this handle.  Raises NotFound."""
    user = person(handle)
    return Profile(
        user=user,
        follower_count=Follow.objects.filter(followee=user, follower__is_active=True).count(),
        following_count=Follow.objects.filter(follower=user, followee__is_active=True).count(),
        clip_count=visible_clips(viewer).filter(author=user).count(),
        is_followed=_follows(viewer, user),
        is_viewer=user == viewer,
    )


def followers_of(user: User) -> QuerySet[Follow]:
    """Who follows `user`, as rows with `follower`."""
    return Follow.objects.filter(followee=user, follower__is_active=True).select_related("follower")


def followed_by(user: User) -> QuerySet[Follow]:
    """Whom `user` follows, as rows with `followee`."""
    return Follow.objects.filter(follower=user, followee__is_active=True).select_related("followee")


def _follows(viewer: Viewer, user: User) -> bool:
    if not isinstance(viewer, User):
        return False
    return Follow.objects.filter(follower=viewer, followee=user).exists()
