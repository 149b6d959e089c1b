"""Reads of uploads, for their owners."""

from datetime import datetime, timedelta
from uuid import UUID

from django.db.models import QuerySet

from accounts.models import User
from clips.states import DELETED as CLIP_DELETED
from common.errors import NotFound
from uploads.models import Upload
from uploads.states import COMPLETED, DELETED, RECEIVED, UNFINISHED


def uploads_of(owner: User) -> QuerySet[Upload]:
    """The owner's uploads that are not deleted."""
    uploads = Upload.objects.filter(owner=owner).exclude(state=DELETED)
    return uploads.select_related("video", "video__clip")


def upload_for(owner: User, upload_id: UUID) -> Upload:
    """One of the owner's uploads.  Raises NotFound, for a stranger's upload too."""
    upload = uploads_of(owner).filter(pk=upload_id).first()
    if upload is None:
        raise NotFound("There is no such upload.")
    return upload


def unfinished_count(owner: User) -> int:
    """How many of the owner's uploads wait or are worked on."""
    return Upload.objects.filter(owner=owner, state__in=UNFINISHED).count()


def waiting(*, now: datetime, older_than_seconds: float) -> list[UUID]:
    """The uploads that nobody has taken for so long that their message must be lost."""
    before = now - timedelta(seconds=older_than_seconds)
    unheard = Upload.objects.filter(state=RECEIVED, created_at__lt=before)
    return list(unheard.order_by("pk").values_list("pk", flat=True))


def with_deleted_clips() -> QuerySet[Upload]:
    """Completed uploads whose clip its author has deleted."""
    return Upload.objects.filter(state=COMPLETED, video__clip__state=CLIP_DELETED)
