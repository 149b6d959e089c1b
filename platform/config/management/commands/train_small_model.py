"""`manage.py train_small_model`: trains the small text-to-video model that ships."""

from argparse import ArgumentParser
from pathlib import Path
from typing import Any

from django.conf import settings
from django.core.management.base import BaseCommand


class Command(BaseCommand):
    """Fetches the sprites, trains for some minutes, and writes a diffusers folder.

    Started again on the same run folder it goes on from the last checkpoint.
    """

    help = "Train the small model on rendered scenes."

    def add_arguments(self, parser: ArgumentParser) -> None:
        """Defaults are those of the shipped weights."""
        runs = Path(settings.REVERIE_DATA) / "training"
        parser.add_argument("--minutes", type=float, default=80, help="over all resumptions")
        parser.add_argument("--run", type=Path, default=runs / "reverie-small-1")
        parser.add_argument("--sprites", type=Path, default=runs / "sprites")
        parser.add_argument("--folder", type=Path, help="where the diffusers folder is written")
        parser.add_argument("--workers", type=int, default=2, help="processes of one thread each")
        parser.add_argument("--batch", type=int, default=16, help="clips per worker and step")

    def handle(self, **options: Any) -> None:
        """Writes progress to `log.txt` in the run folder."""
        from generation.small import sprites, training  # noqa: PLC0415 - loads torch

        plan = training.TrainingPlan(
            assets=sprites.fetch_sprites(options["sprites"]),
            run=options["run"],
            minutes=options["minutes"],
            workers=options["workers"],
            batch=options["batch"],
        )
        self.stdout.write(f"Training; progress is in {plan.run / 'log.txt'}")
        checkpoint = training.train(plan)
        folder = options["folder"] or plan.run / "pipeline"
        training.save_folder(training.averaged_network(checkpoint), folder)
        self.stdout.write(f"Wrote {folder}")
