"""Measures how far the small model follows prompts whose combination it never saw."""

import random
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt
import torch
from PIL import Image

from generation.small import scenes, vocabulary
from generation.small.hand_written import hand_written_scenes
from generation.small.pipeline import ReverieSmallPipeline
from generation.small.reading import SceneReader

Floats = npt.NDArray[np.floating[Any]]
BATCH = 10
STILLS = (0, 5, 10, 15)
SHEET_ZOOM = 2


@dataclass(frozen=True)
class Request:
    """A prompt, the scene it asks for, and the seed of its clip."""

    prompt: str
    scene: vocabulary.Scene
    seed: int


@dataclass(frozen=True)
class Figures:
    """Shares of prompts, 0..1, whose reading agrees with what was asked."""

    object: float
    background: float
    motion: float
    all: float
    count: int


def held_out_requests(count: int, seed: int) -> list[Request]:
    """`count` prompts over the held-out combinations, each combination equally often."""
    rng = random.Random(seed)  # noqa: S311 - not for secrets
    held_out = vocabulary.held_out_scenes()
    chosen = [held_out[index % len(held_out)] for index in range(count)]
    rng.shuffle(chosen)
    return [
        Request(vocabulary.caption(scene, rng), scene, seed + index)
        for index, scene in enumerate(chosen)
    ]


def hand_written_requests(seed: int) -> list[Request]:
    """The prompts written by hand, as requests."""
    return [
        Request(prompt, scene, seed + index)
        for index, (prompt, scene) in enumerate(hand_written_scenes())
    ]


@dataclass(frozen=True)
class Sampling:
    """How clips are made."""

    steps: int
    guidance: float


@dataclass(frozen=True)
class Measured:
    """The clips, how they agree with their own prompts, and with another's."""

    clips: Floats
    own: Figures
    other: Figures


def measure(
    pipeline: ReverieSmallPipeline,
    reader: SceneReader,
    requests: Sequence[Request],
    sampling: Sampling,
) -> Measured:
    """Make a clip for each request and read it back."""
    clips = clips_for(pipeline, requests, sampling)
    asked = [request.scene for request in requests]
    read = [reader.read(clip) for clip in clips]
    return Measured(clips, agreement(asked, read), baseline(asked, read))


def clips_for(
    pipeline: ReverieSmallPipeline, requests: Sequence[Request], sampling: Sampling
) -> Floats:
    """Return one clip per request, (requests, 16, 64, 64, 3) in 0..1, seeded one by one."""
    made = []
    for start in range(0, len(requests), BATCH):
        some = requests[start : start + BATCH]
        output = pipeline(
            [request.prompt for request in some],
            num_inference_steps=sampling.steps,
            guidance_scale=sampling.guidance,
            generator=[torch.Generator().manual_seed(request.seed) for request in some],
            return_dict=False,
        )
        made.append(output[0])
    return np.concatenate(made)


def agreement(asked: Sequence[vocabulary.Scene], read: Sequence[vocabulary.Scene]) -> Figures:
    """Return how often each attribute, and all three, were read as asked."""
    pairs = list(zip(asked, read, strict=True))

    def share(agrees: Callable[[vocabulary.Scene, vocabulary.Scene], bool]) -> float:
        return sum(agrees(one, other) for one, other in pairs) / len(pairs)

    return Figures(
        object=share(lambda one, other: one.object == other.object),
        background=share(lambda one, other: one.background == other.background),
        motion=share(lambda one, other: one.motion == other.motion),
        all=share(lambda one, other: one == other),
        count=len(pairs),
    )


def baseline(asked: Sequence[vocabulary.Scene], read: Sequence[vocabulary.Scene]) -> Figures:
    """Return the agreement with the clip of a prompt half the list away."""
    half = len(read) // 2
    return agreement(asked, [*read[half:], *read[:half]])


def reader_accuracy(reader: SceneReader, count: int, seed: int) -> Figures:
    """Return how well the reader reads `count` rendered clips, whose scenes are known."""
    rng = np.random.default_rng(seed)
    every = list(vocabulary.all_scenes())
    asked = [every[int(rng.integers(len(every)))] for _ in range(count)]
    rendered = (scenes.render(scene, reader.sheet, rng).frames for scene in asked)
    read = [reader.read(frames.astype(np.float32) / 255) for frames in rendered]
    return agreement(asked, read)


def contact_sheet(clips: Floats) -> Image.Image:
    """Return a picture with one row per clip: its frames 1, 6, 11 and 16, enlarged."""
    rows = [np.concatenate([clip[index] for index in STILLS], axis=1) for clip in clips]
    half = (len(rows) + 1) // 2
    columns = [np.concatenate(rows[:half]), np.concatenate(rows[half:] or rows[:1])]
    tall = max(len(column) for column in columns)
    padded = [np.pad(c, ((0, tall - len(c)), (0, 4), (0, 0)), constant_values=1) for c in columns]
    pixels = (np.concatenate(padded, axis=1) * 255 + 0.5).astype(np.uint8)
    picture = Image.fromarray(pixels)
    return picture.resize((picture.width * SHEET_ZOOM, picture.height * SHEET_ZOOM))


TABLE_HEAD = "| | object | background | motion | all three | N |\n|---|---|---|---|---|---|"


def table_row(name: str, figures: Figures) -> str:
    """Return one Markdown table row of percentages."""
    shares = (figures.object, figures.background, figures.motion, figures.all)
    cells = " | ".join(f"{100 * share:.1f} %" for share in shares)
    return f"| {name} | {cells} | {figures.count} |"
