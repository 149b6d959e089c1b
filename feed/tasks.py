"""What the feed does by itself."""

from celery import shared_task
from django.utils import timezone

from feed.distribution import (
    acts,
    cataloguing,
    days,
    entering,
    fitting,
    invalidating,
    responding,
    served,
    tags,
)
from feed.serving.catalogues import loaded_catalogue
from feed.serving.fragments import build_missing


@shared_task(name="feed.count_tags", time_limit=300)
def count_tags() -> None:
    """Count the hashtags whose use changed, and how hot each is."""
    tags.count_tags(now=timezone.now())


@shared_task(name="feed.work_off_changes", time_limit=60)
def work_off_changes() -> None:
    """Let Valkey forget what changed and nobody told it of."""
    while invalidating.work_off_changes() == invalidating.AT_ONCE:
        pass


@shared_task(name="feed.enter_clips", time_limit=300)
def enter_clips() -> None:
    """Say as numbers what clips mean that were published, or whose words changed."""
    while entering.give_meanings() == entering.AT_ONCE:
        pass


@shared_task(name="feed.write_catalogue", time_limit=300)
def write_catalogue() -> None:
    """Write the catalogue that pages are ranked from, when it is time to, and prepare its cards."""
    now = timezone.now()
    if cataloguing.is_due(now=now):
        cataloguing.write_catalogue(now=now)
        written = loaded_catalogue().look()
        if written is not None:
            build_missing(written.ids)


@shared_task(name="feed.fit_models", time_limit=fitting.LONGEST_SECONDS)
def fit_models() -> None:
    """Learn from what viewers did lately, when it is time to."""
    fitting.fit_models_when_due(now=timezone.now())


@shared_task(name="feed.write_logs", time_limit=60)
def write_logs() -> None:
    """Write into the logs what people did elsewhere, and what was served."""
    while acts.move_acts(now=timezone.now()) == acts.AT_ONCE:
        pass
    while served.write_served() == served.AT_ONCE:
        pass


@shared_task(name="feed.count_responses", time_limit=60)
def count_responses() -> None:
    """Add what viewers did to the clips' responses."""
    while responding.count_responses() == responding.AT_ONCE:
        pass


@shared_task(name="feed.recount_responses", time_limit=3600)
def recount_responses() -> None:
    """Make the clips' responses what the log says."""
    responding.recount_responses()


@shared_task(name="feed.keep_days", time_limit=3600)
def keep_days() -> None:
    """Make the logs' next days, and drop those that are older than what is kept."""
    days.keep_days(now=timezone.now())
