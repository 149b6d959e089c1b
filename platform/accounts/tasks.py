"""What accounts does by itself."""

from celery import shared_task
from django.utils import timezone

from accounts.replies import forget_replies


@shared_task(name="accounts.forget_replies", time_limit=60)
def forget_old_replies() -> None:
    """Drop the answers to idempotent requests that are kept no longer."""
    forget_replies(now=timezone.now())
