"""The wire to the workers; the table says what there is to do."""

from celery import shared_task
from django.utils import timezone

from generation.rendering.rendering import render_next
from generation.rendering.sweep import sweep_jobs


@shared_task(name="generation.render", acks_late=True, ignore_result=True)
def render() -> None:
    """Make the video that has waited longest, if one waits."""
    render_next()


@shared_task(name="generation.sweep", ignore_result=True, time_limit=60)
def sweep() -> None:
    """Queue again what lost its worker, and ring for what waits unheard."""
    if sweep_jobs(now=timezone.now()):
        render.apply_async(expires=10)
