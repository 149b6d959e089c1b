"""Clips that the viewer may deal with, and their likes."""

from uuid import UUID

from django.db.models import Sum

from accounts.permissions import Viewer
from clips.models import Clip
from clips.selectors import visible_clips
from common.errors import NotFound
from social.models.counting import CountDelta


def shown_clip(viewer: Viewer, clip_id: UUID) -> Clip:
    """The published clip that `viewer` may like, watch and comment.  Raises NotFound."""
    clip = visible_clips(viewer).select_related("video", "author").filter(pk=clip_id).first()
    if clip is None:
        raise NotFound("There is no such clip.")
    return clip


def like_count_of(clip_id: UUID) -> int:
    """The clip's likes, those included that are still to be added to its counter."""
    counted = Clip.objects.values_list("like_count", flat=True).get(pk=clip_id)
    waiting = CountDelta.objects.filter(clip_id=clip_id).aggregate(likes=Sum("likes"))
    return max(0, counted + (waiting["likes"] or 0))
