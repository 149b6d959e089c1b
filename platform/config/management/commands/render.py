"""`manage.py render`: the render worker in the foreground, one for each GPU."""

from typing import Any

from django.core.management.base import BaseCommand

from config.supervision.workers import run_worker


class Command(BaseCommand):
    """Turns prompts into frames; the only process that loads model weights."""

    help = "Run the tasks of the queue `render`, one after the other."

    def handle(self, **_options: Any) -> None:
        """Returns when stopped."""
        run_worker(queue="render", pool="solo", concurrency=1)
