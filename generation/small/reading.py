"""Reads object, motion and background back from the pixels of a clip.

A matched filter at half resolution. The nearest painted background is read first, by a distance
that caps what a covering object can add. Then every object at every size is laid over every
position of every frame; the object that explains most of what the background does not is read,
its best places are its track, and the motion whose own track has the nearest shape is read.
"""

from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
import torch
from torch import Tensor
from torch.nn import functional

from generation.small import scenes, vocabulary

Floats = npt.NDArray[np.floating[Any]]
SIZES = (12, 16, 20, 24, 28, 32, 36, 40)
HALF = scenes.SIZE // 2
EXAMPLES = 100
MOST_MISFIT = 0.05
SIZE_COUNTS_TWICE = 2.0


@dataclass(frozen=True)
class Found:
    """The object read, with centre x, centre y and size in pixels for each frame (16, 3)."""

    name: str
    track: Floats


class SceneReader:
    """Reads scenes from clips of (16, 64, 64, 3) in 0..1."""

    def __init__(self, assets: Path, seed: int = 0) -> None:
        """Promise a reader that knows the sprites of `assets`."""
        self.sheet = scenes.SpriteSheet(assets)
        self.seed = seed

    def read(self, clip: Floats) -> vocabulary.Scene:
        """Return the scene that explains the clip best."""
        background, still = self._background(clip)
        found = self._find(_halved(clip), still)
        return vocabulary.Scene(found.name, background, _motion(found.track))

    def find(self, clip: Floats) -> Found:
        """Return the object that explains most, and its track."""
        return self._find(_halved(clip), self._background(clip)[1])

    def _find(self, frames: Tensor, still: Tensor) -> Found:
        best = [self._fit(frames, still, size) for size in SIZES]
        misfit = torch.stack([fit for fit, _ in best], 2)
        places = torch.stack([place for _, place in best], 2)
        least, size = misfit.min(2)
        name = int(least.mean(0).argmin())
        chosen = size[:, name]
        flat = places[torch.arange(len(frames)), name, chosen]
        sides = torch.tensor(SIZES)[chosen]
        span = HALF - sides // 2 + 1
        x, y = (flat % span) * 2 + sides / 2, (flat // span) * 2 + sides / 2
        return Found(vocabulary.OBJECT_NAMES[name], torch.stack([x, y, sides], 1).float().numpy())

    def _fit(self, frames: Tensor, still: Tensor, size: int) -> tuple[Tensor, Tensor]:
        """Return the least misfit against the still (frames, objects) and where it lies."""
        weights, targets, power = self._filters[size]
        beyond = frames.square() - (frames - still).square()
        misfit = functional.conv2d(beyond, weights) - 2 * functional.conv2d(frames, targets)
        return (misfit + power[:, None, None]).flatten(2).min(2)

    @cached_property
    def _filters(self) -> dict[int, tuple[Tensor, Tensor, Tensor]]:
        return {size: self._filter(size) for size in SIZES}

    def _filter(self, size: int) -> tuple[Tensor, Tensor, Tensor]:
        sprites = np.stack([self.sheet.sprites[name, size] for name in vocabulary.OBJECT_NAMES])
        halves = functional.avg_pool2d(torch.from_numpy(sprites).permute(0, 3, 1, 2), 2)
        opacity = halves[:, 3:]
        colour = halves[:, :3] / opacity.clamp(min=1e-3)
        solid = (opacity > 0.9).float()  # noqa: PLR2004 - nearly opaque
        weights = solid.expand(-1, 3, -1, -1).contiguous()
        return weights, weights * colour, (weights * colour.square()).sum((1, 2, 3))

    def _background(self, clip: Floats) -> tuple[str, Tensor]:
        """Return the nearest background's name and its picture, (3, 32, 32)."""
        middle = _halved(clip).median(0).values
        misfit = (self._examples - middle).square().sum(1).clamp(max=MOST_MISFIT)
        nearest = int(misfit.sum((1, 2)).argmin())
        return vocabulary.BACKGROUND_NAMES[nearest // EXAMPLES], self._examples[nearest]

    @cached_property
    def _examples(self) -> Tensor:
        rng = np.random.default_rng(self.seed)
        painted = np.stack(
            [
                scenes.background(name, rng)
                for name in vocabulary.BACKGROUND_NAMES
                for _ in range(EXAMPLES)
            ]
        )
        return _halved(painted)


def _halved(pictures: Floats) -> Tensor:
    channels_first = torch.from_numpy(pictures).float().permute(0, 3, 1, 2)
    return functional.avg_pool2d(channels_first, 2)


def _motion(track: Floats) -> str:
    """Return the motion whose own track has the nearest shape, wherever it lies."""
    return min(_SHAPES, key=lambda name: float(np.abs(_SHAPES[name] - _shape(track)).mean()))


def _shape(track: Floats) -> Floats:
    shape = track - np.median(track, axis=0)
    shape[:, 2] *= SIZE_COUNTS_TWICE
    return shape


def _own_track(motion: str) -> Floats:
    boxes = np.array(scenes.track(motion, np.random.default_rng(0)), np.float32)
    middle = (boxes[:, :2] + boxes[:, 2:]) / 2
    return np.concatenate([middle, boxes[:, 2:3] - boxes[:, :1]], axis=1)


_SHAPES = {name: _shape(_own_track(name)) for name in vocabulary.MOTION_NAMES}
