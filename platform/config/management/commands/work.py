"""`manage.py work`: the CPU worker or the upload worker in the foreground."""

from typing import Any

from django.core.management.base import BaseCommand, CommandParser

from config.supervision.workers import run_worker


class Command(BaseCommand):
    """Screening, sweeps, counting; or reading uploads, which may take minutes."""

    help = "Run the tasks of the queue `cpu`, or of `uploads`."

    def add_arguments(self, parser: CommandParser) -> None:
        """Which queue, and how many tasks at once."""
        parser.add_argument("--queue", choices=["cpu", "uploads"], default="cpu")
        parser.add_argument("--concurrency", type=int, default=2)

    def handle(self, *, queue: str, concurrency: int, **_options: Any) -> None:
        """Returns when stopped."""
        run_worker(queue=queue, pool="prefork", concurrency=concurrency)
