"""Clips that the viewer may deal with, and their likes."""

from uuid import UUID

from django.db.models import OuterRef, Subquery, Sum
from django.db.models.functions import Coalesce

from accounts.permissions import Viewer
from clips.models import Clip
from clips.selectors import visible_clips
from common.errors import NotFound
from social.models.counting import CountDelta


class NoSuchClip(NotFound):
    """There is none, or none for this viewer."""

    def __init__(self) -> None:
        super().__init__("There is no such clip.")


def shown_clip(viewer: Viewer, clip_id: UUID) -> Clip:
    """The published clip that `viewer` may like, watch and comment.  Raises NotFound."""
    clip = visible_clips(viewer).select_related("video", "author").filter(pk=clip_id).first()
    if clip is None:
        raise NoSuchClip
    return clip


def like_count_of(clip_id: UUID) -> int:
    """The clip's likes, those included that are still to be added to its counter."""
    waiting = CountDelta.objects.filter(clip=OuterRef("pk")).values("clip")
    added = Subquery(waiting.values(likes=Sum("likes")))
    counted = Clip.objects.filter(pk=clip_id).values_list("like_count", Coalesce(added, 0))
    likes, waiting_likes = counted.get()
    return max(0, int(likes) + int(waiting_likes))
