"""`manage.py work`: the CPU worker in the foreground."""

from typing import Any

from django.core.management.base import BaseCommand, CommandParser

from config.supervision.workers import run_worker


class Command(BaseCommand):
    """Screening, sweeps, counting: everything but rendering."""

    help = "Run the tasks of the queue `cpu`."

    def add_arguments(self, parser: CommandParser) -> None:
        """How many tasks at once."""
        parser.add_argument("--concurrency", type=int, default=2)

    def handle(self, *, concurrency: int, **_options: Any) -> None:
        """Returns when stopped."""
        run_worker(queue="cpu", pool="prefork", concurrency=concurrency)
