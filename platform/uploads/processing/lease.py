"""A worker's hold on an upload: taken by compare-and-swap, kept by a heartbeat, lost by silence."""

import logging
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime, timedelta
from threading import Event, Thread
from uuid import UUID, uuid4

from django.conf import settings
from django.db import DatabaseError, connection
from django.db.models import F
from django.utils import timezone

from common.states import UnableToMove
from common.transitions import move
from uploads.models import Upload
from uploads.states import PROCESSING, RECEIVED, UPLOAD_STATES

BEATS_PER_LEASE = 4

logger = logging.getLogger(__name__)


class LeaseLost(Exception):
    """The upload was deleted, or given to somebody else."""


@dataclass
class Lease:
    """The right to work on `upload`, good until its row says otherwise."""

    upload: Upload
    token: UUID
    is_lost: bool = False

    def check(self) -> None:
        """Pass while the upload is ours, as far as the last heartbeat knows.  Raises LeaseLost."""
        if self.is_lost:
            raise LeaseLost

    def extend(self) -> bool:
        """Keep the lease; False when it is gone."""
        row = Upload.objects.filter(pk=self.upload.pk, state=PROCESSING, lease_token=self.token)
        self.is_lost = not row.update(lease_until=_end(timezone.now()))
        return not self.is_lost


def claim(upload_id: UUID) -> Lease | None:
    """The upload, now ours; None when it does not wait any more."""
    upload = Upload.objects.filter(pk=upload_id, state=RECEIVED).first()
    if upload is None:
        return None
    now, token = timezone.now(), uuid4()
    try:
        move(
            upload,
            states=UPLOAD_STATES,
            to=PROCESSING,
            now=now,
            only_if={"state": RECEIVED},
            lease_token=token,
            lease_until=_end(now),
            attempts=F("attempts") + 1,
        )
    except UnableToMove:
        return None
    return Lease(upload, token)


@contextmanager
def kept(lease: Lease) -> Iterator[None]:
    """Keep `lease` while the work goes on, until the upload's deadline."""
    is_over = Event()
    heart = Thread(target=_beat, args=(lease, is_over), daemon=True)
    heart.start()
    try:
        yield
    finally:
        is_over.set()
        heart.join()


def _beat(lease: Lease, is_over: Event) -> None:
    pause = settings.UPLOAD_LEASE_SECONDS / BEATS_PER_LEASE
    try:
        for _ in range(int(settings.UPLOAD_DEADLINE_SECONDS / pause)):
            if is_over.wait(pause) or not _extended(lease):
                return
        lease.is_lost = True
    finally:
        connection.close()


def _extended(lease: Lease) -> bool:
    try:
        return lease.extend()
    except DatabaseError:
        # The database may be back before the lease ends; a fresh connection is tried then.
        logger.warning("A heartbeat of upload %s found no database.", lease.upload.pk)
        connection.close()
        return True


def _end(now: datetime) -> datetime:
    return now + timedelta(seconds=settings.UPLOAD_LEASE_SECONDS)
