"""The wire to the workers; the table says what there is to do."""

from uuid import UUID

from celery import shared_task
from django.utils import timezone

from uploads.processing import processing
from uploads.processing.sweep import take_back
from uploads.processing.sweep import tidy as tidy_up
from uploads.selectors import waiting

PATIENCE_SECONDS = 5.0
MESSAGE_LIFE_SECONDS = 30


@shared_task(name="uploads.process", acks_late=True, ignore_result=True)
def process(upload_id: str) -> None:
    """Make the video of one upload; nothing when it is made or being made."""
    processing.process(UUID(upload_id))


@shared_task(name="uploads.tidy", ignore_result=True)
def tidy() -> None:
    """Forget what belongs to nothing any more."""
    tidy_up(now=timezone.now())


@shared_task(name="uploads.sweep", ignore_result=True, time_limit=60)
def sweep() -> None:
    """Send the uploads again whose message or whose worker was lost, and tidy up."""
    now = timezone.now()
    take_back(now=now)
    for upload_id in waiting(now=now, older_than_seconds=PATIENCE_SECONDS):
        process.apply_async((str(upload_id),), expires=MESSAGE_LIFE_SECONDS)
    tidy_up(now=now)
