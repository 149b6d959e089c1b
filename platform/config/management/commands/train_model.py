"""`manage.py train_model`: trains the small model that ships."""

from argparse import ArgumentParser
from pathlib import Path
from typing import Any

from django.conf import settings
from django.core.management.base import BaseCommand

# On a GPU one process with large batches, fed by many; on a CPU one process a core.
CPU = {"workers": 2, "loaders": 1, "batch": 12, "minutes": 85.0}
GPU = {"workers": 1, "loaders": 12, "batch": 192, "minutes": 8.0}


class Command(BaseCommand):
    """Fetches the sprites, trains for some minutes, and writes a diffusers folder.

    Started again on the same run folder it goes on from the last checkpoint.
    """

    help = "Train the small model on rendered scenes, on a GPU where there is one."

    def add_arguments(self, parser: ArgumentParser) -> None:
        """What is not given suits the machine."""
        runs = Path(settings.REVERIE_DATA) / "training"
        parser.add_argument("--device", choices=["auto", "cpu", "cuda"], default="auto")
        parser.add_argument("--minutes", type=float, help="over all resumptions")
        parser.add_argument("--run", type=Path, default=runs / "reverie-small-2")
        parser.add_argument("--sprites", type=Path, default=runs / "sprites")
        parser.add_argument("--folder", type=Path, help="where the diffusers folder is written")
        parser.add_argument("--workers", type=int, help="training processes")
        parser.add_argument("--loaders", type=int, help="rendering processes of each of them")
        parser.add_argument("--batch", type=int, help="clips per worker and step")
        parser.add_argument("--sheet-every", type=float, default=900, help="seconds")

    def handle(self, **options: Any) -> None:
        """Shows the time left; the run folder has a log, checkpoints and sample sheets."""
        import torch  # noqa: PLC0415 - takes seconds

        from generation.small import lessons, sprites, training  # noqa: PLC0415 - loads torch

        has_gpu = torch.cuda.is_available() and options["device"] != "cpu"
        usual = GPU if has_gpu else CPU
        chosen = {name: options[name] or value for name, value in usual.items()}
        plan = training.TrainingPlan(
            assets=sprites.fetch_sprites(options["sprites"]),
            run=options["run"],
            minutes=chosen["minutes"],
            workers=int(chosen["workers"]),
            loaders=int(chosen["loaders"]),
            batch=int(chosen["batch"]),
            sheet_every=options["sheet_every"],
            device="cuda" if has_gpu else "cpu",
        )
        self.stdout.write(f"Training on {plan.device}; sheets and checkpoints are in {plan.run}")
        network = training.averaged_network(training.train(plan))
        folder = options["folder"] or plan.run / "pipeline"
        school = lessons.opened_school(plan.assets, plan.run, plan.seed)
        training.save_folder(network, school, folder)
        self.stdout.write(f"Wrote {folder}")
