"""Keeping clips to find them again, and sorting them into collections."""

from typing import Any
from uuid import UUID

from django.db import transaction

from accounts.models import User
from common.errors import Conflict, Invalid
from social.models.saving import MAX_TITLE_LENGTH, CollectedClip, Collection, SavedClip
from social.selectors.saving import collection_of
from social.selectors.shown import shown_clip
from social.signals import clip_saved, clip_unsaved, tell

MOST_SAVED = 10_000
MOST_COLLECTIONS = 200


class TooManySaved(Conflict):
    """The person keeps as many clips, or collections, as one may."""

    code = "too_many_saved"


def save_clip(user: User, clip_id: UUID) -> bool:
    """Keep the clip, and say whether that was new.  Raises NotFound, TooManySaved."""
    clip = shown_clip(user, clip_id)
    with transaction.atomic():
        if SavedClip.objects.filter(user=user, clip=clip).exists():
            return False
        if SavedClip.objects.filter(user=user).count() >= MOST_SAVED:
            raise TooManySaved(f"You have saved {MOST_SAVED} clips; that is as many as one can.")
        _, is_new = SavedClip.objects.get_or_create(user=user, clip=clip)
        if is_new:
            tell(clip_saved, user_id=user.pk, clip_id=clip.pk)
        return is_new


def unsave_clip(user: User, clip_id: UUID) -> bool:
    """Keep the clip no more, in no collection either, and say whether it was kept.

    Works for kept clips that one may no longer see, so nothing can get stuck.  Raises NotFound for
    others that one may not see.
    """
    with transaction.atomic():
        CollectedClip.objects.filter(collection__owner=user, clip_id=clip_id).delete()
        is_gone = bool(SavedClip.objects.filter(user=user, clip_id=clip_id).delete()[0])
        if is_gone:
            tell(clip_unsaved, user_id=user.pk, clip_id=clip_id)
        else:
            shown_clip(user, clip_id)
        return is_gone


def make_collection(owner: User, *, title: str, is_public: bool = False) -> Collection:
    """An empty collection; the caller had the title judged.  Raises Invalid, TooManySaved."""
    title = checked_title(title)
    if Collection.objects.filter(owner=owner).count() >= MOST_COLLECTIONS:
        raise TooManySaved(f"You have {MOST_COLLECTIONS} collections; that is as many as one can.")
    return Collection.objects.create(owner=owner, title=title, is_public=is_public)


def change_collection(
    owner: User, collection_id: UUID, *, title: str | None = None, is_public: bool | None = None
) -> Collection:
    """Rename it, show it to others, or hide it.  Raises NotFound, Invalid."""
    changes: dict[str, Any] = {}
    if title is not None:
        changes["title"] = checked_title(title)
    if is_public is not None:
        changes["is_public"] = is_public
    collection = collection_of(owner, collection_id)
    for name, value in changes.items():
        setattr(collection, name, value)
    if changes:
        collection.save(update_fields=list(changes))
    return collection


def delete_collection(owner: User, collection_id: UUID) -> None:
    """Take the collection away; its clips stay saved.  Raises NotFound."""
    collection_of(owner, collection_id).delete()


def collect_clip(owner: User, collection_id: UUID, clip_id: UUID) -> None:
    """Put the clip into the collection, and save it; again changes nothing.

    Raises NotFound, TooManySaved.
    """
    collection = collection_of(owner, collection_id)
    with transaction.atomic():
        save_clip(owner, clip_id)
        CollectedClip.objects.get_or_create(collection=collection, clip_id=clip_id)


def uncollect_clip(owner: User, collection_id: UUID, clip_id: UUID) -> None:
    """Take the clip out of the collection; it stays saved.  Raises NotFound."""
    collection = collection_of(owner, collection_id)
    CollectedClip.objects.filter(collection=collection, clip_id=clip_id).delete()


def checked_title(title: str) -> str:
    """`title` without surrounding space.  Raises Invalid when it is empty or too long."""
    title = " ".join(title.split())
    if not 1 <= len(title) <= MAX_TITLE_LENGTH:
        raise Invalid(f"A title has 1 to {MAX_TITLE_LENGTH} characters.", field="title")
    if "\0" in title:
        raise Invalid("Null characters are not allowed.", field="title")
    return title
