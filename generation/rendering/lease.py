"""A worker's hold on a job: taken by compare-and-swap, kept by a heartbeat, lost by silence."""

from contextlib import AbstractContextManager
from dataclasses import dataclass
from datetime import datetime, timedelta
from uuid import UUID, uuid4

from django.conf import settings
from django.db.models import F, QuerySet
from django.utils import timezone

from common.heartbeats import heartbeat
from common.states import UnableToMove
from common.transitions import move
from generation.engines.port import RenderingStopped
from generation.models import Job
from generation.states import IN_PROGRESS, JOB_STATES, QUEUED


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


def kept(lease: Lease) -> AbstractContextManager[None]:
    """Keep `lease` through the stretches that report no steps (loading, encoding).

    The heart stops at the job's deadline, so that a hanging engine loses its job like a dead one.
    """
    return heartbeat(
        lease.extend,
        lease_seconds=settings.JOB_LEASE_SECONDS,
        deadline_seconds=settings.JOB_DEADLINE_SECONDS,
    )


def _end(now: datetime) -> datetime:
    return now + timedelta(seconds=settings.JOB_LEASE_SECONDS)
