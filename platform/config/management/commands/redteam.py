"""`manage.py redteam`: attacks the screens of words and says what comes through."""

import json
from argparse import ArgumentParser
from collections.abc import Sequence
from dataclasses import asdict
from pathlib import Path
from typing import Any

from django.core.management.base import BaseCommand, CommandError

from common.errors import ReverieError
from moderation.redteam.running import HARMLESS, Tally, run_suite, totals
from moderation.redteam.suites import OWN, merged, read_suite


class Command(BaseCommand):
    """Needs no database and no server: the policy is that of the file."""

    help = "Attack the screens; print by family and category how many attacks come through."
    requires_system_checks = []

    def add_arguments(self, parser: ArgumentParser) -> None:
        """Our own suite, or others by path."""
        parser.add_argument(
            "--suite", type=Path, nargs="+", default=[OWN], help="YAML or JSON lines"
        )
        parser.add_argument("--json", action="store_true", help="one JSON document")

    def handle(self, **options: Any) -> None:
        """Prints numbers only, never a prompt.  Raises CommandError."""
        try:
            tallies = run_suite(merged(map(read_suite, options["suite"])))
        except ReverieError as error:
            raise CommandError(error.message) from error
        if options["json"]:
            self.stdout.write(json.dumps([asdict(tally) for tally in tallies], indent=1))
        else:
            self._print(tallies)

    def _print(self, tallies: Sequence[Tally]) -> None:
        categories = sorted({tally.category for tally in tallies} - {HARMLESS})
        found = {(tally.family, tally.category): tally for tally in tallies}
        self.stdout.write("Attacks that come through (passed/tried), by family and category:\n")
        for family, (tried, passed) in totals(tallies).items():
            if family == HARMLESS:
                continue
            cells = [
                f"{category} {one.passed}/{one.tried}"
                for category in categories
                if (one := found.get((family, category))) is not None and one.passed
            ]
            row = f"{family:<30} {passed / tried:>6.1%}  {passed:>4}/{tried:<4} {', '.join(cells)}"
            self.stdout.write(row.rstrip())
        if HARMLESS in totals(tallies):
            tried, passed = totals(tallies)[HARMLESS]
            refused = tried - passed
            self.stdout.write(
                f"\nHarmless look-alikes stopped: {refused}/{tried}, {refused / tried:.1%}"
            )
