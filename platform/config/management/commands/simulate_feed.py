"""`manage.py simulate_feed --seed 0`."""

import json
from typing import Any

from django.core.management.base import BaseCommand, CommandParser

from feed.ranking.simulation import simulated


class Command(BaseCommand):
    """Lets the feed's own ranking serve a small seeded world, and says what that world knows."""

    help = "Print first impressions, regret, variety and cold clips of a simulated feed, as JSON."
    requires_system_checks: list[str] = []

    def add_arguments(self, parser: CommandParser) -> None:
        """Which world."""
        parser.add_argument("--seed", type=int, default=0)
        parser.add_argument("--json", action="store_true", help="the only format there is")

    def handle(self, *, seed: int, **_options: Any) -> None:
        """Takes about a minute."""
        self.stdout.write(json.dumps(simulated(seed).as_json(), indent=2))
