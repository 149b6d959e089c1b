"""`manage.py evaluate_small_model`: how far the small model does what prompts say."""

from argparse import ArgumentParser
from pathlib import Path
from typing import Any

from django.conf import settings
from django.core.management.base import BaseCommand

from common.embedded.locations import ROOT

WEIGHTS = ROOT / "generation" / "small" / "weights" / "reverie-small-1"


class Command(BaseCommand):
    """Asks for held-out combinations and reads object, background and motion from pixels."""

    help = "Measure prompt following on combinations that training never showed."

    def add_arguments(self, parser: ArgumentParser) -> None:
        """Defaults are those of the model card."""
        sprites = Path(settings.REVERIE_DATA) / "training" / "sprites"
        parser.add_argument("--folder", type=Path, default=WEIGHTS)
        parser.add_argument("--sprites", type=Path, default=sprites)
        parser.add_argument("--count", type=int, default=300)
        parser.add_argument("--steps", type=int, nargs="+", default=[8])
        parser.add_argument("--guidance", type=float, nargs="+", default=[2.5])
        parser.add_argument("--seed", type=int, default=2026)
        parser.add_argument("--sheet", type=Path, help="picture of the first ten clips")

    def handle(self, **options: Any) -> None:
        """Prints one table row per number of steps and guidance scale."""
        from generation.small import evaluation, reading, sprites  # noqa: PLC0415 - loads torch
        from generation.small.pipeline import ReverieSmallPipeline  # noqa: PLC0415 - loads torch

        reader = reading.SceneReader(sprites.fetch_sprites(options["sprites"]))
        pipeline = ReverieSmallPipeline.from_pretrained(options["folder"])
        pipeline.set_progress_bar_config(disable=True)
        requests = evaluation.held_out_requests(options["count"], options["seed"])
        asked = [request.scene for request in requests]
        self.stdout.write(evaluation.TABLE_HEAD)
        known = evaluation.reader_accuracy(reader, options["count"], options["seed"])
        self.stdout.write(evaluation.table_row("rendered clips (the reader itself)", known))
        for steps in options["steps"]:
            for guidance in options["guidance"]:
                clips = evaluation.clips_for(pipeline, requests, steps=steps, guidance=guidance)
                read = [reader.read(clip) for clip in clips]
                name = f"{steps} steps, guidance {guidance:g}"
                own = evaluation.agreement(asked, read)
                other = evaluation.baseline(asked, read)
                self.stdout.write(evaluation.table_row(name, own))
                self.stdout.write(evaluation.table_row(f"{name}, another prompt's clip", other))
                if options["sheet"]:
                    evaluation.contact_sheet(clips[:10]).save(options["sheet"], quality=85)
                    options["sheet"] = None
        for request in requests[:10]:
            self.stdout.write(f"{request.prompt} [{request.seed}]")
