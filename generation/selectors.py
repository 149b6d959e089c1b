"""Reads of jobs, for their owners, and of what the engines offer."""

from collections.abc import Sequence
from dataclasses import asdict, replace
from typing import Any
from uuid import UUID

from django.conf import settings
from django.db.models import QuerySet

from accounts.models import User
from clips.models import Video
from common.errors import Invalid, NotFound
from generation.engines import registry
from generation.engines.port import EngineDescription
from generation.models import Job
from generation.orders import Order
from generation.states import DELETED, QUEUED, UNFINISHED


def offered_engines() -> Sequence[EngineDescription]:
    """The engines a person can choose from, the default one first."""
    return list(registry.descriptions(settings.ENGINES_FILE).values())


def engine_description(engine_id: str | None) -> EngineDescription:
    """What one engine offers; the default one for None.  Raises UnknownEngine."""
    return registry.description_of(engine_id, file=settings.ENGINES_FILE)


def prompt_reading(prompt: str, engine: EngineDescription) -> dict[str, Any]:
    """What the engine makes of a prompt, as a job keeps it; empty where it can not tell."""
    reading = registry.reading_of(prompt, engine)
    return asdict(reading) if reading else {}


def jobs_of(owner: User) -> QuerySet[Job]:
    """The owner's jobs that are not deleted."""
    jobs = Job.objects.filter(owner=owner).exclude(state=DELETED)
    return jobs.select_related("video", "video__clip")


def job_for(owner: User, job_id: UUID) -> Job:
    """One of the owner's jobs.  Raises NotFound, for a stranger's job too."""
    job = jobs_of(owner).filter(pk=job_id).first()
    if job is None:
        raise NotFound("There is no such video.")
    return job


def job_page(
    owner: User, *, after: UUID | None, limit: int, is_ascending: bool
) -> tuple[list[Job], bool]:
    """Up to `limit` jobs beyond `after`, newest first unless ascending; and whether more follow.

    Raises Invalid when `after` is not one of the owner's.
    """
    jobs = jobs_of(owner).order_by("pk" if is_ascending else "-pk")
    if after is not None:
        if not Job.objects.filter(owner=owner, pk=after).exists():
            raise Invalid("There is no such video to list after.", field="after")
        jobs = jobs.filter(pk__gt=after) if is_ascending else jobs.filter(pk__lt=after)
    found = list(jobs[: limit + 1])
    return found[:limit], len(found) > limit


def remix_order(parent: Video, order: Order) -> Order:
    """`order` as a remix of `parent`: what it leaves open is as it was there, if it is offered.

    A seed is not taken over: the same words and seed would make the same video.
    """
    order = replace(order, remix_of=parent.pk)
    offered = {engine.id: engine for engine in offered_engines()}
    engine = offered.get(order.model or parent.engine)
    if engine is None:
        return order
    was = Job.objects.filter(video=parent).values_list("seconds", flat=True).first()
    size = (parent.width, parent.height)
    return replace(
        order,
        model=engine.id,
        size=order.size or (f"{size[0]}x{size[1]}" if size in engine.sizes else None),
        seconds=order.seconds or (was if was in engine.lengths else None),
    )


def unfinished_count(owner: User) -> int:
    """How many of the owner's jobs wait or run."""
    return Job.objects.filter(owner=owner, state__in=UNFINISHED).count()


def queue_position(job: Job) -> int | None:
    """1 for the job that is next, and so on; None when it does not wait."""
    if job.state != QUEUED:
        return None
    return Job.objects.filter(state=QUEUED, pk__lte=job.pk).count()
