"""People as others see them, and whom they follow."""

from collections.abc import Iterable
from dataclasses import dataclass
from uuid import UUID

from django.db.models import Exists, OuterRef, QuerySet

from accounts.models import User
from accounts.permissions import Viewer
from clips.selectors import visible_clips
from social.mentions import handles_in
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
        is_viewer=user == viewer,
        **_ties(viewer, user),
    )


def _ties(viewer: Viewer, user: User) -> dict[str, bool]:
    """What the two are to each other, in one query."""
    if not isinstance(viewer, User):
        return {"is_followed": False}
    ties = User.objects.filter(pk=user.pk).values_list(
        Exists(Follow.objects.filter(follower=viewer, followee=user)),
        Exists(Follow.objects.filter(follower=user, followee=viewer)),
        Exists(Mute.objects.filter(muter=viewer, muted=user)),
    )
    is_followed, follows_viewer, is_muted = ties.get()
    return {"is_followed": is_followed, "follows_viewer": follows_viewer, "is_muted": is_muted}


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
    """Whom the owner muted, as rows with `muted`, but for whom a block hides from them."""
    rows = Mute.objects.filter(muter=owner, muted__is_active=True)
    return rows.exclude(hidden_from(owner, "muted_id")).select_related("muted")


def followed_among(viewer: Viewer, people: Iterable[User]) -> frozenset[UUID]:
    """Which of these people the viewer follows."""
    if not isinstance(viewer, User):
        return frozenset()
    rows = Follow.objects.filter(follower=viewer, followee__in=[one.pk for one in people])
    return frozenset(rows.values_list("followee_id", flat=True))


def named_in(texts: Iterable[str], *, viewer: Viewer) -> frozenset[str]:
    """The handles in these texts (`@handle`) that belong to people the viewer may know of.

    No query where nobody is named.
    """
    handles = {handle for text in texts for handle in handles_in(text)}
    if not handles:
        return frozenset()
    people = User.objects.filter(handle__in=handles, is_active=True).exclude(hidden_from(viewer))
    return frozenset(people.values_list("handle", flat=True))
