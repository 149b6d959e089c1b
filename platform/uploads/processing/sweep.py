"""Finding the uploads whose worker is gone, and what is left over."""

from datetime import datetime
from typing import Any

from django.conf import settings
from django.db import transaction

from clips.services import erase_video
from common.states import UnableToMove
from common.transitions import move
from uploads.models import Upload
from uploads.processing.originals import forget_originals, sweep_workshop
from uploads.selectors import with_deleted_clips
from uploads.states import COMPLETED, DELETED, FAILED, PROCESSING, RECEIVED, UPLOAD_STATES

GIVEN_UP = "The machine stopped several times while reading this file. Export it again, smaller."


def take_back(*, now: datetime) -> None:
    """Put every upload back in line whose lease ran out; one that outlived three workers fails."""
    for upload in Upload.objects.filter(state=PROCESSING, lease_until__lt=now):
        _take_back(upload, now=now)


def _take_back(upload: Upload, *, now: datetime) -> None:
    is_hopeless = upload.attempts >= settings.UPLOAD_MAX_ATTEMPTS
    outcome: dict[str, Any] = (
        {"error_code": "worker_lost", "error_message": GIVEN_UP, "completed_at": now}
        if is_hopeless
        else {}
    )
    only_if = {"state": PROCESSING, "lease_token": upload.lease_token, "lease_until__lt": now}
    try:
        move(
            upload,
            states=UPLOAD_STATES,
            to=FAILED if is_hopeless else RECEIVED,
            now=now,
            note="lease expired",
            only_if=only_if,
            lease_token=None,
            lease_until=None,
            **outcome,
        )
    except UnableToMove:
        return


def tidy(*, now: datetime) -> None:
    """Forget what is finished: uploads whose clip was deleted, originals, and what was left."""
    for upload in with_deleted_clips().select_related("owner", "video"):
        _forget(upload, now=now)
    forget_originals()
    sweep_workshop()


def _forget(upload: Upload, *, now: datetime) -> None:
    try:
        with transaction.atomic():
            move(
                upload,
                states=UPLOAD_STATES,
                to=DELETED,
                now=now,
                note="its clip was deleted",
                only_if={"state": COMPLETED},
            )
            if upload.video is not None:
                erase_video(upload.video, actor=upload.owner, now=now)
    except UnableToMove:
        return
