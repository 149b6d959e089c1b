"""A worker's hold on a job: taken by compare-and-swap, kept by a heartbeat, lost by silence."""

import logging
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime, timedelta
from threading import Event, Thread
from uuid import UUID, uuid4

from django.conf import settings
from django.db import DatabaseError, connection
from django.db.models import F, QuerySet
from django.utils import timezone

from common.states import UnableToMove
from common.transitions import move
from generation.engines.port import RenderingStopped
from generation.models import Job
from generation.states import IN_PROGRESS, JOB_STATES, QUEUED

BEATS_PER_LEASE = 4

logger = logging.getLogger(__name__)


@dataclass(frozen=True)
class Lease:
    """The right to work on `job`, good until its row says otherwise."""

    job: Job
    token: UUID

    def report(self, progress: int) -> None:
        """Tell how far the job is (0-100) and keep the lease.

        Raises RenderingStopped when the lease is gone: the job was deleted, or given away.
        """
        if not self._row().update(progress=progress, lease_until=_end(timezone.now())):
            raise RenderingStopped

    def extend(self) -> bool:
        """Keep the lease; False when it is gone."""
        return bool(self._row().update(lease_until=_end(timezone.now())))

    def _row(self) -> QuerySet[Job]:
        return Job.objects.filter(pk=self.job.pk, state=IN_PROGRESS, lease_token=self.token)


def claim_next() -> Lease | None:
    """The job that has waited longest, now ours; None when nothing waits."""
    while (job := Job.objects.filter(state=QUEUED).order_by("pk").first()) is not None:
        now, token = timezone.now(), uuid4()
        try:
            move(
                job,
                states=JOB_STATES,
                to=IN_PROGRESS,
                now=now,
                lease_token=token,
                lease_until=_end(now),
                attempts=F("attempts") + 1,
                started_at=now,
                progress=0,
            )
        except UnableToMove:
            continue
        return Lease(job, token)
    return None


@contextmanager
def kept(lease: Lease) -> Iterator[None]:
    """Keep `lease` through the stretches that report no steps (loading, encoding).

    The heart stops at the job's deadline, so that a hanging engine loses its job like a dead one.
    """
    is_over = Event()
    heart = Thread(target=_beat, args=(lease, is_over), daemon=True)
    heart.start()
    try:
        yield
    finally:
        is_over.set()
        heart.join()


def _beat(lease: Lease, is_over: Event) -> None:
    beats = int(settings.JOB_DEADLINE_SECONDS / settings.JOB_LEASE_SECONDS * BEATS_PER_LEASE)
    try:
        for _ in range(beats):
            if is_over.wait(settings.JOB_LEASE_SECONDS / BEATS_PER_LEASE) or not _extended(lease):
                return
    finally:
        connection.close()


def _extended(lease: Lease) -> bool:
    try:
        return lease.extend()
    except DatabaseError:
        # The database may be back before the lease ends; a fresh connection is tried then.
        logger.warning("A heartbeat of job %s found no database.", lease.job.pk)
        connection.close()
        return True


def _end(now: datetime) -> datetime:
    return now + timedelta(seconds=settings.JOB_LEASE_SECONDS)
