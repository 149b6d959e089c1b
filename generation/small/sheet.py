"""Stills of clips side by side, each under the words it was asked for with."""

from collections.abc import Sequence
from pathlib import Path

import numpy as np
import torch
from PIL import Image, ImageDraw, ImageFont

from generation.small.pipeline import ReverieSmallPipeline

WIDTH, HEIGHT = 108, 192
STILLS = 4
COLUMNS = 2
CAPTION = 34
GAP = 8
PAPER, INK = (250, 250, 250), (20, 20, 20)

# As somebody would type who has just installed it: not chosen for what comes out.
NEWCOMER_PROMPTS = (
    "a red apple bouncing on a beach at sunset",
    "a cute puppy running through a meadow",
    "a blue cat spinning fast in space",
    "a dragon flying over the mountains",
    "two penguins sliding to the left in the snow",
    "a tiny frog next to a giant pizza in the kitchen",
    "a rocket taking off at night",
    "an elephant dancing on a stage",
    "a yellow car drives slowly through the city",
    "a ghost appears in a dark forest",
    "a dolphin jumps out of the ocean",
    "a woman walking her wolf along the river",
)


def draw_sheet(
    pipeline: ReverieSmallPipeline,
    path: Path,
    prompts: Sequence[str] = NEWCOMER_PROMPTS,
    *,
    seed: int = 1,
    steps: int = 8,
) -> Path:
    """Make a clip of each prompt and write four stills of each into one picture at `path`."""
    strips = [_strip(pipeline, text, seed + place, steps) for place, text in enumerate(prompts)]
    rows = -(-len(strips) // COLUMNS)
    wide, tall = strips[0].size
    sheet = Image.new("RGB", (COLUMNS * (wide + GAP) + GAP, rows * (tall + GAP) + GAP), PAPER)
    for place, strip in enumerate(strips):
        column, row = divmod(place, rows)
        sheet.paste(strip, (GAP + column * (wide + GAP), GAP + row * (tall + GAP)))
    path.parent.mkdir(parents=True, exist_ok=True)
    sheet.save(path, quality=88)
    return path


def _strip(pipeline: ReverieSmallPipeline, text: str, seed: int, steps: int) -> Image.Image:
    frames = pipeline(
        text,
        num_inference_steps=steps,
        width=2 * WIDTH,
        height=2 * HEIGHT,
        generator=torch.Generator("cpu").manual_seed(seed),
    ).frames[0]
    strip = Image.new("RGB", (STILLS * (WIDTH + 2), HEIGHT + CAPTION), PAPER)
    chosen = np.linspace(0.06, 0.94, STILLS) * (len(frames) - 1)
    for place, moment in enumerate(chosen.round().astype(int)):
        still = Image.fromarray((frames[moment] * 255).round().astype(np.uint8))
        strip.paste(
            still.resize((WIDTH, HEIGHT), Image.Resampling.LANCZOS), (place * (WIDTH + 2), CAPTION)
        )
    ImageDraw.Draw(strip).text((2, 8), text, INK, font=ImageFont.load_default(15))
    return strip
