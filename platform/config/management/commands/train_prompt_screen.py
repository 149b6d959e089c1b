"""`manage.py train_prompt_screen`: fits the screens of prompts and comments and measures them."""

from argparse import ArgumentParser
from pathlib import Path
from typing import Any

from django.core.management.base import BaseCommand

from common.embedded.locations import ROOT

WEIGHTS = ROOT / "moderation" / "classifiers" / "weights"


class Command(BaseCommand):
    """Needs scikit-learn (requirements-dev.txt) and the public sets; no database, no server."""

    help = "Fit the trained screens of words and print what they do on held-out texts."
    requires_system_checks = []

    def add_arguments(self, parser: ArgumentParser) -> None:
        """Defaults are those of docs/prompt-screen.md."""
        parser.add_argument("--data", type=Path, required=True, help="folder with the public sets")
        parser.add_argument("--out", type=Path, default=WEIGHTS)
        parser.add_argument("--seed", type=int, default=2026)
        parser.add_argument("--only", nargs="+", help="names of screens")
        parser.add_argument("--measure-only", action="store_true", help="write no weights")
        parser.add_argument("--across", action="store_true", help="leave each source out in turn")

    def handle(self, **options: Any) -> None:
        """Prints a table for each screen and writes `NAME.npz`."""
        from moderation.training import making  # noqa: PLC0415 - loads scikit-learn

        making.make_screens(
            options["data"],
            out=None if options["measure_only"] else options["out"],
            seed=options["seed"],
            only=options["only"] or making.RECIPES,
            is_across=options["across"],
            say=self.stdout.write,
        )
