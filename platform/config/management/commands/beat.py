"""`manage.py beat`: rings for the tasks that are done again and again."""

from typing import Any

from django.conf import settings
from django.core.management.base import BaseCommand

from common.embedded.folders import private_folder
from config.celery import app


class Command(BaseCommand):
    """One for an installation; a second one only rings twice."""

    help = "Enqueue the periodic tasks."

    def handle(self, **_options: Any) -> None:
        """Returns when stopped."""
        schedule = private_folder(settings.LOCATIONS.run) / "beat-schedule"
        app.start(["beat", f"--schedule={schedule}", "--pidfile=", "--loglevel=INFO"])
