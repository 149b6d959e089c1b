"""A worker's hold on an upload: taken by compare-and-swap, kept by a heartbeat, lost by silence."""

from contextlib import AbstractContextManager
from dataclasses import dataclass
from datetime import datetime, timedelta
from uuid import UUID, uuid4

from django.conf import settings
from django.db.models import F
from django.utils import timezone

from common.heartbeats import heartbeat
from common.states import UnableToMove
from common.transitions import move
from uploads.models import Upload
from uploads.states import PROCESSING, RECEIVED, UPLOAD_STATES


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

    def lose(self) -> None:
        """Stop the work at its next check."""
        self.is_lost = True

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


def kept(lease: Lease) -> AbstractContextManager[None]:
    """Keep `lease` while the work goes on, until the upload's deadline; then it is lost."""
    return heartbeat(
        lease.extend,
        lease_seconds=settings.UPLOAD_LEASE_SECONDS,
        deadline_seconds=settings.UPLOAD_DEADLINE_SECONDS,
        at_deadline=lease.lose,
    )


def _end(now: datetime) -> datetime:
    return now + timedelta(seconds=settings.UPLOAD_LEASE_SECONDS)
