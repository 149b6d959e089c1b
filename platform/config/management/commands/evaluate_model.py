"""`manage.py evaluate_model`: how good the small model is, in figures."""

import json
from argparse import ArgumentParser
from pathlib import Path
from typing import Any

from django.conf import settings
from django.core.management.base import BaseCommand

from common.embedded.locations import ROOT

WEIGHTS = ROOT / "generation" / "small" / "weights" / "reverie-small-2"


class Command(BaseCommand):
    """Makes clips and reads from their pixels what they show."""

    help = "Measure prompts followed, boxes met, pictures kept, seams and pace of the small model."

    def add_arguments(self, parser: ArgumentParser) -> None:
        """Defaults are those of the model card."""
        sprites = Path(settings.REVERIE_DATA) / "training" / "sprites"
        parser.add_argument("--folder", type=Path, default=WEIGHTS)
        parser.add_argument("--sprites", type=Path, default=sprites)
        parser.add_argument("--count", type=int, default=100, help="clips for each figure")
        parser.add_argument("--steps", type=int, nargs="+", default=[8])
        parser.add_argument("--guidance", type=float, default=1.0)
        parser.add_argument("--seed", type=int, default=2026)
        parser.add_argument("--only", help="figures whose name has this in it")
        parser.add_argument(
            "--json", action="store_true", help="print JSON; figures as they come to stderr"
        )
        parser.add_argument("--sheet", type=Path, help="also write stills of a newcomer's prompts")

    def handle(self, **options: Any) -> None:
        """Prints every figure with how many clips it stands on."""
        from generation.small import evaluation, sheet, sprites, world  # noqa: PLC0415
        from generation.small.pipeline import ReverieSmallPipeline  # noqa: PLC0415 - loads torch

        pipeline = ReverieSmallPipeline.from_pretrained(options["folder"])
        bank = world.make_bank(sprites.fetch_sprites(options["sprites"]), seed=options["seed"])
        found = {}
        # Some figures take minutes: each is told as it comes, beside the JSON.
        said = (self.stderr if options["json"] else self.stdout).write
        for steps in options["steps"]:
            setup = evaluation.Setup(
                pipeline, bank, steps, options["guidance"], options["count"], options["seed"]
            )
            found[f"{steps} steps"] = evaluation.evaluated(
                setup, only=options["only"] or "", said=said
            )
        if options["json"]:
            self.stdout.write(json.dumps(found, indent=2))
        if options["sheet"]:
            sheet.draw_sheet(pipeline, options["sheet"], steps=options["steps"][0])
