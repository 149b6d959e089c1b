"""What was served to a viewer, and why."""

from uuid import UUID

from accounts.models import User
from accounts.permissions import Viewer
from feed.models.impressions import Impression


def impression_of(viewer: Viewer, clip_id: UUID) -> Impression | None:
    """The last time the clip was served to `viewer`; None where nothing is on record.

    It is on record about a second after it was served, and never for visitors nor for somebody
    who is not profiled.
    """
    if not isinstance(viewer, User):
        return None
    return Impression.objects.filter(viewer=viewer, clip_id=clip_id).order_by("-at").first()
