"""`manage.py evaluate_small_model`: how far the small model does what prompts say."""

from argparse import ArgumentParser
from itertools import product
from pathlib import Path
from typing import Any

from django.conf import settings
from django.core.management.base import BaseCommand

from common.embedded.locations import ROOT

SHOWN = 10
WEIGHTS = ROOT / "generation" / "small" / "weights" / "reverie-small-1"


class Command(BaseCommand):
    """Asks for held-out combinations and reads object, background and motion from pixels."""

    help = "Measure prompt following on combinations that training never showed."

    def add_arguments(self, parser: ArgumentParser) -> None:
        """Defaults are those of the model card."""
        sprites = Path(settings.REVERIE_DATA) / "training" / "sprites"
        parser.add_argument("--folder", type=Path, default=WEIGHTS)
        parser.add_argument("--sprites", type=Path, default=sprites)
        parser.add_argument("--count", type=int, default=250)
        parser.add_argument("--steps", type=int, nargs="+", default=[4, 8])
        parser.add_argument("--guidance", type=float, nargs="+", default=[2.0])
        parser.add_argument("--seed", type=int, default=2026)
        parser.add_argument("--sheet", type=Path, help="picture of the first ten clips")

    def handle(self, **options: Any) -> None:
        """Prints one table row per number of steps and guidance scale."""
        from generation.small import evaluation, reading, sprites  # noqa: PLC0415 - loads torch
        from generation.small.pipeline import ReverieSmallPipeline  # noqa: PLC0415 - loads torch

        reader = reading.SceneReader(sprites.fetch_sprites(options["sprites"]))
        pipeline = ReverieSmallPipeline.from_pretrained(options["folder"])
        pipeline.set_progress_bar_config(disable=True)
        seed, count = options["seed"], options["count"]
        self.stdout.write(evaluation.TABLE_HEAD)
        known = evaluation.reader_accuracy(reader, count, seed)
        self.stdout.write(evaluation.table_row("the reader, on rendered clips", known))
        requests = evaluation.held_out_requests(count, seed)
        written = evaluation.hand_written_requests(seed)
        for steps, guidance in product(options["steps"], options["guidance"]):
            ways = evaluation.Sampling(steps=steps, guidance=guidance)
            for kind, asked in (("templates", requests), ("by hand", written)):
                measured = evaluation.measure(pipeline, reader, asked, ways)
                name = f"{kind}, {steps} steps, guidance {guidance:g}"
                self.stdout.write(evaluation.table_row(name, measured.own))
                self.stdout.write(evaluation.table_row("— another prompt's clip", measured.other))
                if options["sheet"] and kind == "templates":
                    sheet = evaluation.contact_sheet(measured.clips[:SHOWN])
                    sheet.save(options["sheet"], quality=85)
        for request in requests[:SHOWN]:
            self.stdout.write(f"- {request.prompt} (seed {request.seed})")
