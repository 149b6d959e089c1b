"""People as others see them, and whom they follow."""

from dataclasses import dataclass

from django.db.models import Exists, OuterRef, QuerySet

from accounts.models import User
from accounts.permissions import Viewer
from clips.selectors import visible_clips
from social.models.people import Block, Follow, Mute
from social.selectors.hiding import hidden_from, person_for


@dataclass(frozen=True)
class Profile:
    """A person as `viewer` sees them."""

    user: User
    follower_count: int
    following_count: int
    clip_count: int
    is_followed: bool
    is_viewer: bool
    follows_viewer: bool = False
    is_muted: bool = False

    @property
    def is_mutual(self) -> bool:
        """Whether the two follow each other."""
        return self.is_followed and self.follows_viewer


def profile_of(handle: str, *, viewer: Viewer) -> Profile:
    """The person with this handle.  Raises NotFound, also when one of the two blocked the other."""
    user = person_for(viewer, handle)
    return Profile(
        user=user,
        follower_count=followers_of(user, viewer=viewer).count(),
        following_count=followed_by(user, viewer=viewer).count(),
        clip_count=visible_clips(viewer).filter(author=user).count(),
        is_followed=_follows(viewer, user),
        is_viewer=user == viewer,
        follows_viewer=isinstance(viewer, User) and _follows(user, viewer),
        is_muted=_mutes(viewer, user),
    )


def followers_of(user: User, *, viewer: Viewer) -> QuerySet[Follow]:
    """Who follows `user`, as rows with `follower`; nobody who is hidden from the viewer."""
    rows = Follow.objects.filter(followee=user, follower__is_active=True)
    return rows.exclude(hidden_from(viewer, "follower_id")).select_related("follower")


def followed_by(user: User, *, viewer: Viewer) -> QuerySet[Follow]:
    """Whom `user` follows, as rows with `followee`; nobody who is hidden from the viewer."""
    rows = Follow.objects.filter(follower=user, followee__is_active=True)
    return rows.exclude(hidden_from(viewer, "followee_id")).select_related("followee")


def mutuals_of(user: User, *, viewer: Viewer) -> QuerySet[Follow]:
    """Who follows `user` and is followed back, as rows with `follower`."""
    back = Follow.objects.filter(follower=user, followee=OuterRef("follower_id"))
    return followers_of(user, viewer=viewer).filter(Exists(back))


def blocks_of(owner: User) -> QuerySet[Block]:
    """Whom the owner blocked, as rows with `blocked`; nobody else may read them."""
    rows = Block.objects.filter(blocker=owner, blocked__is_active=True)
    return rows.select_related("blocked")


def mutes_of(owner: User) -> QuerySet[Mute]:
    """Whom the owner muted, as rows with `muted`; nobody else may read them."""
    return Mute.objects.filter(muter=owner, muted__is_active=True).select_related("muted")


def _follows(viewer: Viewer, user: User) -> bool:
    if not isinstance(viewer, User):
        return False
    return Follow.objects.filter(follower=viewer, followee=user).exists()


def _mutes(viewer: Viewer, user: User) -> bool:
    if not isinstance(viewer, User):
        return False
    return Mute.objects.filter(muter=viewer, muted=user).exists()
