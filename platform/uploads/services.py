"""What a person asks of uploads: to take a file, and to be rid of one."""

import hashlib
import logging
import re
from contextlib import suppress
from datetime import datetime
from functools import partial
from pathlib import Path
from uuid import UUID

from django.conf import settings
from django.db import transaction
from kombu.exceptions import OperationalError

from accounts.models import Role, User
from accounts.services import require_good_standing
from clips.models import Privacy
from clips.services import checked_caption, checked_hashtags, erase_video
from common.errors import Denied, Invalid, TooMany
from common.objects import originals
from common.transitions import move
from moderation.services.hashes import refuse_banned_file
from moderation.services.words import screen_caption
from uploads.models import Upload
from uploads.orders import UploadOrder
from uploads.processing.originals import CONTENT_TYPE, one_at_a_time
from uploads.selectors import unfinished_count, upload_for
from uploads.states import DELETED, RECEIVED, UPLOAD_STATES
from uploads.tasks import process, tidy
from video.decoding import kind_of

HEAD_BYTES = 64
MAX_NAME_LENGTH = 120
MAX_TOOL_LENGTH = 120
BUSY_RETRY_SECONDS = 20
UNPRINTABLE = re.compile(r"[\x00-\x1f\x7f]")

logger = logging.getLogger(__name__)


class UploadRefused(Invalid):
    """The file is none we take; the message says what to send instead."""

    code = "unsupported_video"
    field = "file"


class TooManyUploads(TooMany):
    """The person has as many unfinished uploads as one person may."""


def check_may_upload(owner: User) -> None:
    """Pass for who may upload now.  Raises Denied, TooManyUploads.

    Asked before a file is read as well, so that nobody sends one in vain.
    """
    if owner.role == Role.VIEWER:
        raise Denied("Your account can watch; ask an admin to let you create.")
    if unfinished_count(owner) >= settings.UPLOADS_PER_USER:
        raise TooManyUploads(
            f"You have {settings.UPLOADS_PER_USER} uploads in the works; wait for one.",
            retry_after_seconds=BUSY_RETRY_SECONDS,
        )


def receive_upload(
    owner: User, file: Path, *, name: str, order: UploadOrder, now: datetime
) -> Upload:
    """Keep a person's file, to be made into a clip as `order` says.

    Caption and tool are judged and banned files refused before anything is kept.  Raises Denied,
    Invalid (with the field), TextRefused, FileRefused, TooManyUploads.
    """
    check_may_upload(owner)
    require_good_standing(owner, now=now)
    upload = Upload(owner=owner, name=_printable(name)[:MAX_NAME_LENGTH], **_checked(order))
    upload.size_bytes = _checked_size(file)
    if words := " ".join(filter(None, [upload.caption, upload.tool])):
        screen_caption(author=owner, text=words, now=now)
    with file.open("rb") as content:
        upload.digest = hashlib.file_digest(content, "sha256").hexdigest()
    refuse_banned_file(owner, upload.digest)
    with transaction.atomic():
        # The row lock makes two requests of one person count one after the other.
        User.objects.select_for_update().get(pk=owner.pk)
        check_may_upload(owner)
        with one_at_a_time(upload.digest):
            originals().put_file(file, content_type=CONTENT_TYPE)
            upload.save(force_insert=True)
        upload.events.create(from_state="", to_state=RECEIVED, actor=owner, at=now)
        transaction.on_commit(partial(_ring, upload.pk))
    return upload


def delete_upload(owner: User, upload_id: UUID, *, now: datetime) -> None:
    """Take an upload away, with its file, its video and its clip.  Raises NotFound."""
    upload = upload_for(owner, upload_id)
    with transaction.atomic():
        move(
            upload,
            states=UPLOAD_STATES,
            to=DELETED,
            now=now,
            actor=owner,
            lease_token=None,
            lease_until=None,
        )
        # Read again: it may have been completed between the look and the move.
        upload.refresh_from_db(fields=["video"])
        if upload.video is not None:
            erase_video(upload.video, actor=owner, now=now)
        transaction.on_commit(_ring_to_tidy)


def _ring(upload_id: UUID) -> None:
    try:
        process.delay(str(upload_id))
    except OperationalError:
        logger.warning("The queue is down; upload %s waits for the sweep.", upload_id)


def _ring_to_tidy() -> None:
    with suppress(OperationalError):  # the sweep does it, too
        tidy.delay()


def _checked(order: UploadOrder) -> dict[str, object]:
    if order.privacy not in Privacy.values:
        raise Invalid(f"Privacy is one of {', '.join(Privacy.values)}.", field="privacy")
    tool = order.tool.strip()
    if len(tool) > MAX_TOOL_LENGTH or UNPRINTABLE.search(tool):
        raise Invalid(f"A tool's name has at most {MAX_TOOL_LENGTH} characters.", field="tool")
    return {
        "caption": checked_caption(order.caption),
        "hashtags": checked_hashtags(order.hashtags),
        "privacy": order.privacy,
        "is_declared": order.is_declared,
        "tool": tool if order.is_declared else "",
    }


def _checked_size(file: Path) -> int:
    size = file.stat().st_size
    if size > settings.UPLOAD_MAX_BYTES:
        most = settings.UPLOAD_MAX_BYTES // (1024 * 1024)
        raise UploadRefused(f"A file has at most {most} MB.", code="file_too_large")
    with file.open("rb") as content:
        head = content.read(HEAD_BYTES)
    if kind_of(head) is None:
        raise UploadRefused("Send an MP4, a MOV or a WebM file.")
    return size


def _printable(text: str) -> str:
    return UNPRINTABLE.sub("", text).strip()
