"""Rendered clips of one emoji moving over one procedural background: the training data.

Sprites come from the Fluent 3D emoji (Microsoft, MIT; npm package `@lobehub/fluent-emoji-3d`,
MIT). Everything random is drawn from the generator passed in.
"""

import math
from collections.abc import Callable
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
from PIL import Image

from generation.small import vocabulary

Floats = npt.NDArray[np.floating[Any]]
Box = tuple[int, int, int, int]
FRAMES = 16
SIZE = 64
FRAME_RATE = 8
SMALLEST_SPRITE = 12
LARGEST_SPRITE = 40
TRAVEL = (15, 49)
BOUNCE_HEIGHT = 30
USUAL_SPRITES = (26, 28, 30)


@dataclass(frozen=True)
class Clip:
    """A rendered clip.

    `frames` is (16, 64, 64, 3) uint8; `cover` (16, 64, 64) float32 is the sprite's opacity;
    `boxes` hold (x0, y0, x1, y1) in pixels, one per frame.
    """

    frames: npt.NDArray[np.uint8]
    cover: Floats
    boxes: list[Box]


class SpriteSheet:
    """The vocabulary's sprites at every even size the renderer needs, premultiplied."""

    def __init__(self, assets: Path) -> None:
        """Promise sprites read from `assets/<codepoint>.webp`."""
        self.assets = assets

    @cached_property
    def sprites(self) -> dict[tuple[str, int], Floats]:
        """Premultiplied (size, size, 4) sprites in 0..1 by (object name, size)."""
        sizes = range(SMALLEST_SPRITE, LARGEST_SPRITE + 1, 2)
        return {
            (thing.name, size): self._at(square, size)
            for thing in vocabulary.THINGS
            for square in [self._square(thing.codepoint)]
            for size in sizes
        }

    def _square(self, codepoint: str) -> Image.Image:
        picture = Image.open(self.assets / f"{codepoint}.webp").convert("RGBA")
        picture = picture.crop(picture.getbbox())
        side = max(picture.size)
        square = Image.new("RGBA", (side, side))
        square.paste(picture, ((side - picture.width) // 2, (side - picture.height) // 2))
        return square

    def _at(self, square: Image.Image, size: int) -> Floats:
        small = np.asarray(square.resize((size, size), Image.Resampling.LANCZOS))
        sprite = small.astype(np.float32) / 255
        sprite[..., :3] *= sprite[..., 3:]
        return sprite


def render(scene: vocabulary.Scene, sheet: SpriteSheet, rng: np.random.Generator) -> Clip:
    """A clip of the scene; place, size and background vary with `rng`."""
    still = background(scene.background, rng)
    frames = np.repeat(still[None], FRAMES, axis=0)
    cover = np.zeros((FRAMES, SIZE, SIZE), np.float32)
    boxes = track(scene.motion, rng)
    for index, (x0, y0, x1, y1) in enumerate(boxes):
        sprite = sheet.sprites[scene.object, x1 - x0]
        opacity = sprite[..., 3]
        patch = frames[index, y0:y1, x0:x1]
        patch *= 1 - opacity[..., None]
        patch += sprite[..., :3]
        cover[index, y0:y1, x0:x1] = opacity
    return Clip((frames * 255 + 0.5).clip(0, 255).astype(np.uint8), cover, boxes)


def track(motion: str, rng: np.random.Generator) -> list[Box]:
    """Sixteen boxes inside the frame that follow the named motion."""
    aside = float(rng.integers(-8, 9))
    size = float(rng.choice(USUAL_SPRITES))
    return [_box(*_PATHS[motion](moment, aside, size)) for moment in np.linspace(0, 1, FRAMES)]


def _along(moment: float) -> float:
    start, end = TRAVEL
    return start + (end - start) * moment


_MIDDLE = SIZE / 2
_Path = Callable[[float, float, float], tuple[float, float, float]]
_PATHS: dict[str, _Path] = {
    "moves right": lambda moment, aside, size: (_along(moment), _MIDDLE + 4 + aside, size),
    "moves left": lambda moment, aside, size: (_along(1 - moment), _MIDDLE + 4 + aside, size),
    "rises": lambda moment, aside, size: (_MIDDLE + aside, _along(1 - moment), size),
    "falls": lambda moment, aside, size: (_MIDDLE + aside, _along(moment), size),
    "bounces": lambda moment, aside, size: (
        _MIDDLE + aside,
        _along(1) - BOUNCE_HEIGHT * abs(math.sin(2 * math.pi * moment)),
        size,
    ),
    "grows": lambda moment, aside, _size: (
        _MIDDLE + aside / 2,
        _MIDDLE + 2 + aside / 4,
        SMALLEST_SPRITE + (LARGEST_SPRITE - SMALLEST_SPRITE) * moment,
    ),
}


def _box(x: float, y: float, size: float) -> Box:
    """Return the box of even side nearest to `size` around (x, y), moved into the frame."""
    side = round(size / 2) * 2
    x0 = min(max(round(x - side / 2), 0), SIZE - side)
    y0 = min(max(round(y - side / 2), 0), SIZE - side)
    return x0, y0, x0 + side, y0 + side


def background(name: str, rng: np.random.Generator) -> Floats:
    """A (64, 64, 3) picture in 0..1 of the named place, varied by `rng`."""
    return np.clip(_PAINTERS[name](rng), 0, 1)


_ROWS: Floats
_COLUMNS: Floats
_ROWS, _COLUMNS = np.mgrid[0:SIZE, 0:SIZE].astype(np.float32)


def _meadow(rng: np.random.Generator) -> Floats:
    sky = _gradient((0.35, 0.65, 0.98), (0.78, 0.92, 1.0), 0, 36, rng)
    grass = _gradient((0.50, 0.80, 0.25), (0.15, 0.48, 0.12), 28, 64, rng)
    return _below(sky, grass, _hills(rng, rng.uniform(30, 38), 3))


def _sunset(rng: np.random.Generator) -> Floats:
    horizon = rng.uniform(40, 46)
    sky = _gradient((0.45, 0.18, 0.50), (1.0, 0.62, 0.25), 0, 42, rng)
    sky = _disc(sky, (1.0, 0.93, 0.55), rng.uniform(10, 54), horizon - rng.uniform(2, 8), 7)
    sand = _gradient((0.80, 0.52, 0.36), (0.52, 0.30, 0.25), 42, 64, rng)
    return _below(sky, sand, np.full(SIZE, horizon, np.float32))


def _night(rng: np.random.Generator) -> Floats:
    sky = _gradient((0.02, 0.03, 0.12), (0.10, 0.12, 0.32), 0, 52, rng)
    for _ in range(14):
        x, y = rng.integers(1, SIZE - 1), rng.integers(1, 46)
        sky[y, x] = rng.uniform(0.75, 1.0)
    sky = _disc(sky, (0.95, 0.93, 0.80), rng.uniform(8, 56), rng.uniform(7, 14), 4.5)
    ground = _gradient((0.05, 0.09, 0.14), (0.02, 0.05, 0.08), 50, 64, rng)
    return _below(sky, ground, _hills(rng, rng.uniform(50, 55), 2))


def _snow(rng: np.random.Generator) -> Floats:
    sky = _gradient((0.62, 0.72, 0.82), (0.82, 0.87, 0.92), 0, 36, rng)
    ground = _gradient((1.0, 1.0, 1.0), (0.82, 0.88, 0.96), 30, 64, rng)
    return _below(sky, ground, _hills(rng, rng.uniform(28, 36), 4))


def _sea(rng: np.random.Generator) -> Floats:
    water = _gradient((0.20, 0.78, 0.86), (0.01, 0.20, 0.48), 0, 64, rng)
    slope, shift = rng.uniform(0.3, 0.6), rng.uniform(0, 20)
    rays = np.sin((_COLUMNS + slope * _ROWS + shift) * (2 * np.pi / 20))
    return water + 0.07 * (rays * (1 - _ROWS / SIZE))[..., None].astype(np.float32)


_PAINTERS = {
    "meadow": _meadow,
    "sunset": _sunset,
    "night": _night,
    "snow": _snow,
    "sea": _sea,
}


def _gradient(
    top: tuple[float, float, float],
    bottom: tuple[float, float, float],
    first_row: int,
    last_row: int,
    rng: np.random.Generator,
) -> Floats:
    tint = rng.uniform(-0.03, 0.03, 3)
    depth = ((_ROWS - first_row) / (last_row - first_row)).clip(0, 1)[..., None]
    return ((np.array(top) + tint) * (1 - depth) + (np.array(bottom) + tint) * depth).astype(
        np.float32
    )


def _hills(rng: np.random.Generator, height: float, swell: float) -> Floats:
    phase = rng.uniform(0, 2 * np.pi)
    wave = np.sin(np.arange(SIZE) * (2 * np.pi / 60) + phase)
    return (height + swell * wave).astype(np.float32)


def _below(upper: Floats, lower: Floats, edge: Floats) -> Floats:
    share = (_ROWS - edge[None] + 0.5).clip(0, 1)[..., None]
    return upper * (1 - share) + lower * share


def _disc(
    picture: Floats, colour: tuple[float, float, float], x: float, y: float, radius: float
) -> Floats:
    distance = np.hypot(_COLUMNS - x, _ROWS - y)
    share = (radius - distance + 0.5).clip(0, 1)[..., None]
    return picture * (1 - share) + np.array(colour, np.float32) * share
