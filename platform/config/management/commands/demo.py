"""`manage.py demo`: people to log in as, three clips to watch, and one for the reviewers' desk."""

from typing import Any

from django.conf import settings
from django.core.management.base import BaseCommand, CommandError
from django.utils import timezone

from accounts.models import Role
from config.demo.accounts import ensure_accounts
from config.demo.clips import CLIPS, HELD, order_clips, watch_clips

PATIENCE_SECONDS = 600.0


class Command(BaseCommand):
    """Fills an empty Reverie; a running one must be there to make the clips."""

    help = "Make the demo accounts and four clips, and say how to log in."

    def handle(self, **_options: Any) -> None:
        """Raises CommandError when the clips are not made in ten minutes."""
        file = settings.LOCATIONS.demo
        people = ensure_accounts(file, url=settings.REVERIE_URL, now=timezone.now())
        makers = {people[Role.CREATOR]: CLIPS, people[Role.ADMIN]: HELD}
        if asked := sum(order_clips(maker, clips) for maker, clips in makers.items()):
            self._say(f"Making {asked} clips from {asked} prompts; watch at {settings.REVERIE_URL}")
        for maker in makers:
            if not watch_clips(maker, say=self._say, patience_seconds=PATIENCE_SECONDS):
                raise CommandError(
                    "The demo clips are still not made; see the render worker's log."
                )
        self._say(self._how_to_log_in())

    def _how_to_log_in(self) -> str:
        return (
            f"Reverie is at {settings.REVERIE_URL}\n"
            f"Log in at {settings.REVERIE_URL}/accounts/login/ as mira (creator), theo (viewer), "
            f"noor (moderator) or alex (admin);\n"
            f"passwords and API keys are in {settings.LOCATIONS.demo}\n"
            f"A held clip of alex waits at {settings.REVERIE_URL}/desk for noor, who sets up a "
            "second factor at the first visit."
        )

    def _say(self, line: str) -> None:
        self.stdout.write(line)
        self.stdout.flush()
