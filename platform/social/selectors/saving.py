"""What people saved, and their collections; clips are shown as `visible_clips` says."""

from collections.abc import Collection as Several
from uuid import UUID

from django.db.models import Count, F, OuterRef, QuerySet, Subquery
from django.db.models.functions import Coalesce

from accounts.models import User
from accounts.permissions import Viewer
from clips.selectors import visible_clips
from common.errors import NotFound
from social.models.saving import CollectedClip, Collection, SavedClip
from social.selectors.hiding import person_for


def saved_clips(owner: User) -> QuerySet[SavedClip]:
    """What the owner saved and may still see."""
    return SavedClip.objects.filter(user=owner, clip__in=visible_clips(owner))


def collected_clips(collection: Collection, *, viewer: Viewer) -> QuerySet[CollectedClip]:
    """What is in the collection and `viewer` may see."""
    return CollectedClip.objects.filter(collection=collection, clip__in=visible_clips(viewer))


def collections_of(handle: str, *, viewer: Viewer) -> QuerySet[Collection]:
    """A person's collections with their `clip_count`; all of one's own, else the public ones.

    Raises NotFound.
    """
    return shelves_of(person_for(viewer, handle), viewer=viewer)


def shelves_of(owner: User, *, viewer: Viewer) -> QuerySet[Collection]:
    """The same of a person whom `viewer` may know of."""
    collections = Collection.objects.filter(owner=owner).select_related("owner")
    if owner != viewer:
        collections = collections.filter(is_public=True)
    return _counted(collections, viewer=viewer)


def collection_for(viewer: Viewer, collection_id: UUID) -> Collection:
    """A public collection of whom `viewer` may know, or their own.  Raises NotFound."""
    found = Collection.objects.filter(pk=collection_id).select_related("owner").first()
    if found is None or (found.owner != viewer and not found.is_public):
        raise NotFound("There is no such collection.")
    try:
        person_for(viewer, found.owner.handle)
    except NotFound as error:
        raise NotFound("There is no such collection.") from error
    return _counted(Collection.objects.filter(pk=found.pk), viewer=viewer).get()


def collection_of(owner: User, collection_id: UUID) -> Collection:
    """One of the owner's own collections.  Raises NotFound."""
    found = Collection.objects.filter(owner=owner, pk=collection_id).first()
    if found is None:
        raise NotFound("There is no such collection.")
    return found


def collections_with(owner: User, clip_id: UUID) -> frozenset[UUID]:
    """In which of the owner's collections the clip is."""
    rows = CollectedClip.objects.filter(collection__owner=owner, clip_id=clip_id)
    return frozenset(rows.values_list("collection_id", flat=True))


def saved_among(viewer: Viewer, clip_ids: Several[UUID]) -> frozenset[UUID]:
    """Which of these clips the viewer saved."""
    if not isinstance(viewer, User):
        return frozenset()
    rows = SavedClip.objects.filter(user=viewer, clip_id__in=clip_ids)
    return frozenset(rows.values_list("clip_id", flat=True))


def _counted(collections: QuerySet[Collection], *, viewer: Viewer) -> QuerySet[Collection]:
    seen = CollectedClip.objects.filter(
        collection=OuterRef("pk"), clip__in=visible_clips(viewer)
    ).order_by()
    counts = seen.values(of=F("collection_id")).annotate(number=Count("clip_id")).values("number")
    return collections.select_related("owner").annotate(clip_count=Coalesce(Subquery(counts), 0))
