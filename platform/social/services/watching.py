"""Having watched a clip."""

from datetime import datetime
from uuid import UUID

from django.db import transaction

from accounts.models import User
from accounts.permissions import Viewer
from social.models.counting import CountDelta
from social.models.views import View
from social.selectors.shown import shown_clip

MOST_LOOPS = 20


COMPLETED_SHARE = 0.9


def note_view(
    viewer: Viewer, clip_id: UUID, *, watched_seconds: float, completed: bool, now: datetime
) -> View:
    """Record that the clip was watched.  Raises NotFound.

    Nobody watches for longer than 20 times the clip's length, nor to the end in less than 90 %
    of it: what a page reports beyond that is cut to it.
    """
    clip = shown_clip(viewer, clip_id)
    length = clip.video.duration_seconds
    watched = min(max(watched_seconds, 0.0), MOST_LOOPS * length)
    is_complete = completed and watched >= COMPLETED_SHARE * length
    with transaction.atomic():
        view = View.objects.create(
            clip=clip,
            viewer=viewer if isinstance(viewer, User) else None,
            watched_seconds=watched,
            completed=is_complete,
            created_at=now,
        )
        CountDelta.objects.create(clip=clip, views=1, completions=int(is_complete))
    return view
