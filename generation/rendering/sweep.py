"""Finding the jobs whose worker is gone."""

from datetime import datetime
from typing import Any

from django.conf import settings

from common.states import UnableToMove
from common.transitions import move
from generation.models import InputPicture, Job
from generation.states import FAILED, IN_PROGRESS, JOB_STATES, QUEUED, UNFINISHED

GIVEN_UP = "The machine stopped several times while making this video. Try a smaller one."


def sweep_jobs(*, now: datetime) -> bool:
    """Take every job back whose lease ran out; True when some job waits for a worker.

    A job that outlived `JOB_MAX_ATTEMPTS` workers is failed: it is likely what kills them.
    Pictures of jobs that have ended are forgotten.
    """
    for job in Job.objects.filter(state=IN_PROGRESS, lease_until__lt=now):
        _take_back(job, now=now)
    InputPicture.objects.exclude(job__state__in=UNFINISHED).delete()
    return Job.objects.filter(state=QUEUED).exists()


def _take_back(job: Job, *, now: datetime) -> None:
    is_hopeless = job.attempts >= settings.JOB_MAX_ATTEMPTS
    outcome: dict[str, Any] = (
        {"error_code": "worker_lost", "error_message": GIVEN_UP} if is_hopeless else {}
    )
    only_if = {"state": IN_PROGRESS, "lease_token": job.lease_token, "lease_until__lt": now}
    try:
        move(
            job,
            states=JOB_STATES,
            to=FAILED if is_hopeless else QUEUED,
            now=now,
            note="lease expired",
            only_if=only_if,
            lease_token=None,
            lease_until=None,
            progress=0,
            **outcome,
        )
    except UnableToMove:
        return
