"""What social does by itself."""

from uuid import UUID

from celery import shared_task
from django.utils import timezone

from social.counting import AT_ONCE, add_waiting_counts
from social.distribution import digests, telling


@shared_task(name="social.add_counts", time_limit=60)
def add_counts() -> None:
    """Add all likes, comments and views that wait to the clips' counters."""
    while add_waiting_counts() == AT_ONCE:
        pass


@shared_task(name="social.tell_of_clip", time_limit=60)
def tell_of_clip(clip_id: str) -> None:
    """Tell who is concerned what became of a clip."""
    telling.tell_of_clip(UUID(clip_id), now=timezone.now())


@shared_task(name="social.send_digests", time_limit=600)
def send_digests() -> None:
    """Mail the digests that are due."""
    digests.send_digests(now=timezone.now())


@shared_task(name="social.forget_notifications", time_limit=60)
def forget_notifications() -> None:
    """Delete what people were told long ago."""
    telling.forget_notifications(now=timezone.now())
