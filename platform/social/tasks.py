"""What social does by itself."""

from celery import shared_task

from social.counting import AT_ONCE, add_waiting_counts


@shared_task(name="social.add_counts", time_limit=60)
def add_counts() -> None:
    """Add all likes, comments and views that wait to the clips' counters."""
    while add_waiting_counts() == AT_ONCE:
        pass
