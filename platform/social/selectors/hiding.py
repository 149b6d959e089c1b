"""Who is hidden from whom: blocks work both ways, mutes one way.

Every read of people, or of what they say or do, excludes `hidden_from` the viewer; clips are
`clips.selectors.visible_clips`, which says the same.
"""

import re

from django.db.models import BooleanField, Exists, OuterRef, Q, Value

from accounts.models import HANDLE_PATTERN, User
from accounts.permissions import Viewer
from accounts.selectors import person
from clips.selectors import is_reviewer
from common.errors import NotFound
from social.models.people import Block, Mute

_NOBODY = Q(Value(value=False, output_field=BooleanField()))


def hidden_from(viewer: Viewer, who: str = "pk") -> Q:
    """Rows whose person (the column `who` has their id) blocked the viewer, or was blocked.

    To be excluded: `rows.exclude(hidden_from(viewer, "author_id"))`.  Nobody is hidden from a
    visitor.
    """
    if not isinstance(viewer, User):
        return _NOBODY
    by_viewer = Block.objects.filter(blocker=viewer, blocked=OuterRef(who))
    of_viewer = Block.objects.filter(blocked=viewer, blocker=OuterRef(who))
    return Q(Exists(by_viewer)) | Q(Exists(of_viewer))


def muted_by(viewer: Viewer, who: str = "pk") -> Q:
    """Rows whose person (the column `who` has their id) the viewer does not want in lists."""
    if not isinstance(viewer, User):
        return _NOBODY
    return Q(Exists(Mute.objects.filter(muter=viewer, muted=OuterRef(who))))


def unwelcome_to(viewer: Viewer, who: str = "pk") -> Q:
    """Rows of people who are hidden from the viewer or muted by them: what lists leave out.

    Reviewers are spared nothing of what they may have to judge.
    """
    if is_reviewer(viewer):
        return muted_by(viewer, who)
    return hidden_from(viewer, who) | muted_by(viewer, who)


def person_for(viewer: Viewer, handle: str) -> User:
    """The person with this handle, as far as the viewer may know of them.

    Raises NotFound, which does not tell a block from a handle that nobody has.  Reviewers find
    everybody.
    """
    found = person(handle)
    if not is_reviewer(viewer) and are_apart(viewer, found):
        raise NotFound("There is no such person.")
    return found


def are_apart(viewer: Viewer, other: User) -> bool:
    """Whether one of the two blocked the other."""
    return User.objects.filter(pk=other.pk).filter(hidden_from(viewer)).exists()


def has_blocked(viewer: Viewer, handle: str) -> bool:
    """Whether the viewer blocked the person with this handle; they may be told so."""
    handle = handle.lower().removeprefix("@")
    if not isinstance(viewer, User) or not re.fullmatch(HANDLE_PATTERN, handle):
        return False
    return Block.objects.filter(blocker=viewer, blocked__handle=handle).exists()
