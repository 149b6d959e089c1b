"""The places of the small model's world, painted: what backgrounds training sees.

Pictures are (256, 144, 3) floats in 0..1.  They are drawn at twice that size, so that edges are
smooth, and everything that varies is drawn from the generator passed in.
"""

import math
from collections.abc import Callable, Sequence
from typing import Any

import numpy as np
import numpy.typing as npt
from PIL import Image, ImageDraw, ImageFilter

Floats = npt.NDArray[np.floating[Any]]
Colour = tuple[float, float, float]
Point = tuple[float, float]

WIDTH, HEIGHT = 144, 256
FINER = 2
_W, _H = WIDTH * FINER, HEIGHT * FINER
_ROWS = np.arange(_H, dtype=np.float32)[:, None, None] / _H


class Canvas:
    """A picture being painted, in shares of its width (x) and height (y)."""

    def __init__(self, rng: np.random.Generator, stops: Sequence[tuple[float, Colour]]) -> None:
        """Promise a canvas filled with a vertical gradient through `stops` of (y, colour)."""
        self.rng = rng
        tint = rng.uniform(-0.035, 0.035, 3)
        places = [place for place, _ in stops]
        bands = [
            np.interp(
                _ROWS[:, 0, 0], places, [colour[channel] + tint[channel] for _, colour in stops]
            )
            for channel in range(3)
        ]
        column = np.stack(bands, 1)[:, None]
        self.picture = _image(np.repeat(column, _W, 1))

    def polygon(self, points: Sequence[Point], colour: Colour) -> None:
        """Fill a polygon."""
        ImageDraw.Draw(self.picture).polygon(
            [(x * _W, y * _H) for x, y in points], fill=_bytes(colour)
        )

    def box(self, x0: float, y0: float, x1: float, y1: float, colour: Colour) -> None:
        """Fill a rectangle."""
        self.polygon([(x0, y0), (x1, y0), (x1, y1), (x0, y1)], colour)

    def disc(self, x: float, y: float, radius: float, colour: Colour, squeeze: float = 1.0) -> None:
        """Fill a circle whose `radius` is a share of the width; `squeeze` flattens it."""
        wide, tall = radius * _W, radius * _W * squeeze
        ImageDraw.Draw(self.picture).ellipse(
            (x * _W - wide, y * _H - tall, x * _W + wide, y * _H + tall), fill=_bytes(colour)
        )

    def glow(self, x: float, y: float, radius: float, colour: Colour, strength: float) -> None:
        """Mix in a soft light around a place."""
        rows, columns = np.mgrid[0:_H:4, 0:_W:4].astype(np.float32)
        far = np.hypot(columns - x * _W, rows - y * _H) / (radius * _W)
        mask = Image.fromarray((255 * strength * np.exp(-far * far)).clip(0, 255).astype(np.uint8))
        light = Image.new("RGB", (_W, _H), _bytes(colour))
        self.picture.paste(light, (0, 0), mask.resize((_W, _H), Image.Resampling.BILINEAR))

    def hills(self, height: float, swell: float, waves: float, colour: Colour) -> None:
        """Fill everything below a wavy line around `height`."""
        phase, second = self.rng.uniform(0, 2 * math.pi, 2)
        xs = np.linspace(0, 1, 49)
        ys = height + swell * (
            np.sin(2 * math.pi * waves * xs + phase)
            + 0.4 * np.sin(4 * math.pi * waves * xs + second)
        )
        self.polygon([(0, 1), *zip(xs, ys, strict=True), (1, 1)], colour)

    def peaks(self, height: float, rise: float, count: int, colour: Colour, cap: Colour) -> None:
        """Draw a range of `count` mountains with caps of snow."""
        for place in np.linspace(-0.05, 1.05, count) + self.rng.uniform(-0.06, 0.06, count):
            top = height - rise * self.rng.uniform(0.6, 1.0)
            half = 0.32 * self.rng.uniform(0.8, 1.3)
            self.polygon(
                [(place - half, height + 0.02), (place, top), (place + half, height + 0.02)], colour
            )
            low = top + 0.28 * (height - top)
            reach = half * 0.28
            self.polygon(
                [(place - reach, low), (place, top), (place + reach, low),
                 (place + reach * 0.4, low - 0.012), (place, low + 0.012),
                 (place - reach * 0.45, low - 0.012)],
                cap,
            )  # fmt: skip

    def cloud(self, x: float, y: float, size: float, colour: Colour) -> None:
        """Draw a cloud of five puffs."""
        for shift, lift, share in (
            (-1, 0, 0.6),
            (-0.45, -0.3, 0.8),
            (0.15, -0.45, 1),
            (0.7, -0.2, 0.75),
            (1.2, 0.05, 0.55),
        ):
            self.disc(
                x + shift * size, y + lift * size * WIDTH / HEIGHT, size * share, colour, 0.72
            )

    def tree(self, x: float, foot: float, size: float, colour: Colour) -> None:
        """Draw a fir of three tiers."""
        self.box(x - size * 0.08, foot - size * 0.2, x + size * 0.08, foot, (0.36, 0.24, 0.16))
        for tier in range(3):
            low = foot - size * (0.12 + 0.25 * tier)
            half = size * (0.34 - 0.08 * tier)
            self.polygon([(x - half, low), (x, low - size * 0.42), (x + half, low)], colour)

    def blur(self, radius: float) -> None:
        """Soften what has been painted so far; `radius` in pixels of the finished picture."""
        self.picture = self.picture.filter(ImageFilter.GaussianBlur(radius * FINER))

    def finished(self) -> Floats:
        """The picture at its own size."""
        small = self.picture.resize((WIDTH, HEIGHT), Image.Resampling.BOX)
        return np.asarray(small, np.float32) / 255


def paint(place: str, rng: np.random.Generator) -> Floats:
    """A (256, 144, 3) picture in 0..1 of the named place, varied by `rng`."""
    return PAINTERS[place](rng).finished()


def _image(values: Floats) -> Image.Image:
    return Image.fromarray((values * 255 + 0.5).clip(0, 255).astype(np.uint8))


def _bytes(colour: Colour) -> tuple[int, int, int]:
    red, green, blue = (min(255, max(0, round(share * 255))) for share in colour)
    return red, green, blue


def _meadow(rng: np.random.Generator) -> Canvas:
    canvas = Canvas(rng, [(0, (0.36, 0.68, 0.98)), (0.6, (0.80, 0.93, 1.0))])
    canvas.cloud(rng.uniform(0.15, 0.85), rng.uniform(0.12, 0.26), 0.11, (1, 1, 1))
    canvas.hills(rng.uniform(0.54, 0.60), 0.025, 1, (0.55, 0.80, 0.36))
    canvas.hills(rng.uniform(0.64, 0.70), 0.02, 1.5, (0.40, 0.70, 0.24))
    canvas.hills(rng.uniform(0.80, 0.85), 0.015, 1, (0.28, 0.58, 0.18))
    for _ in range(9):
        colour = ((1, 0.95, 0.5), (1, 0.7, 0.8), (1, 1, 1))[rng.integers(3)]
        canvas.disc(rng.uniform(0.03, 0.97), rng.uniform(0.86, 0.98), 0.014, colour)
    return canvas


def _beach(rng: np.random.Generator) -> Canvas:
    horizon = rng.uniform(0.44, 0.50)
    canvas = Canvas(rng, [(0, (0.25, 0.62, 0.95)), (horizon, (0.78, 0.93, 1.0))])
    canvas.disc(rng.uniform(0.15, 0.85), rng.uniform(0.08, 0.2), 0.08, (1.0, 0.93, 0.55))
    canvas.box(0, horizon, 1, 1, (0.12, 0.58, 0.75))
    canvas.hills(horizon + 0.10, 0.008, 2, (0.22, 0.72, 0.80))
    canvas.hills(rng.uniform(0.66, 0.72), 0.012, 1, (0.95, 0.97, 0.95))
    canvas.hills(rng.uniform(0.70, 0.73), 0.012, 1, (0.95, 0.85, 0.60))
    canvas.hills(rng.uniform(0.86, 0.90), 0.012, 1, (0.88, 0.75, 0.49))
    return canvas


def _sunset(rng: np.random.Generator) -> Canvas:
    horizon = rng.uniform(0.60, 0.66)
    canvas = Canvas(
        rng, [(0, (0.30, 0.14, 0.42)), (0.35, (0.85, 0.33, 0.40)), (horizon, (1.0, 0.72, 0.32))]
    )
    x, y = rng.uniform(0.2, 0.8), horizon - rng.uniform(0.02, 0.09)
    canvas.glow(x, y, 0.5, (1.0, 0.85, 0.45), 0.55)
    canvas.disc(x, y, 0.13, (1.0, 0.95, 0.70))
    canvas.box(0, horizon, 1, 1, (0.42, 0.18, 0.36))
    for step in range(7):
        half = 0.16 - 0.015 * step
        canvas.disc(x, horizon + 0.02 + 0.03 * step, half, (0.95, 0.58, 0.38), 0.06)
    canvas.hills(rng.uniform(0.88, 0.92), 0.012, 1, (0.20, 0.09, 0.20))
    return canvas


def _night(rng: np.random.Generator) -> Canvas:
    canvas = Canvas(rng, [(0, (0.02, 0.03, 0.14)), (0.8, (0.13, 0.15, 0.40))])
    for _ in range(38):
        bright = rng.uniform(0.6, 1.0)
        canvas.disc(
            rng.random(), rng.uniform(0, 0.72), rng.uniform(0.004, 0.011), (bright, bright, 0.95)
        )
    x, y = rng.uniform(0.2, 0.8), rng.uniform(0.10, 0.22)
    canvas.glow(x, y, 0.28, (0.75, 0.75, 0.85), 0.45)
    canvas.disc(x, y, 0.09, (0.97, 0.95, 0.83))
    canvas.hills(rng.uniform(0.76, 0.82), 0.03, 1, (0.07, 0.10, 0.22))
    canvas.hills(rng.uniform(0.86, 0.90), 0.02, 1.5, (0.03, 0.05, 0.12))
    return canvas


def _snow(rng: np.random.Generator) -> Canvas:
    canvas = Canvas(rng, [(0, (0.56, 0.70, 0.84)), (0.6, (0.86, 0.91, 0.96))])
    canvas.hills(rng.uniform(0.52, 0.58), 0.03, 1, (0.84, 0.90, 0.97))
    for _ in range(4):
        canvas.tree(rng.uniform(0.05, 0.95), rng.uniform(0.60, 0.68), 0.22, (0.62, 0.76, 0.80))
    canvas.hills(rng.uniform(0.66, 0.70), 0.02, 1.5, (0.93, 0.96, 1.0))
    canvas.hills(rng.uniform(0.82, 0.86), 0.02, 1, (1.0, 1.0, 1.0))
    for _ in range(22):
        canvas.disc(rng.random(), rng.random(), rng.uniform(0.006, 0.014), (1, 1, 1))
    return canvas


def _sea(rng: np.random.Generator) -> Canvas:
    canvas = Canvas(
        rng, [(0, (0.30, 0.85, 0.90)), (0.5, (0.06, 0.52, 0.78)), (1, (0.01, 0.15, 0.42))]
    )
    for _ in range(4):
        x, wide = rng.uniform(-0.1, 1.0), rng.uniform(0.05, 0.10)
        canvas.polygon(
            [(x, 0), (x + wide, 0), (x + wide - 0.25, 0.8), (x - 0.45, 0.8)], (0.24, 0.72, 0.87)
        )
    canvas.blur(5)
    canvas.hills(rng.uniform(0.88, 0.92), 0.015, 1, (0.62, 0.60, 0.45))
    for _ in range(5):
        x, tall = rng.uniform(0.02, 0.98), rng.uniform(0.06, 0.16)
        canvas.polygon(
            [(x - 0.03, 0.95), (x + 0.01, 0.94 - tall), (x + 0.03, 0.95)], (0.06, 0.48, 0.40)
        )
    for _ in range(10):
        canvas.disc(
            rng.random(), rng.uniform(0.1, 0.9), rng.uniform(0.006, 0.016), (0.70, 0.93, 0.98)
        )
    return canvas


def _city(rng: np.random.Generator) -> Canvas:
    canvas = Canvas(rng, [(0, (0.50, 0.70, 0.92)), (0.6, (0.93, 0.87, 0.80))])
    for depth, (foot, colour) in enumerate(
        ((0.74, (0.66, 0.70, 0.80)), (0.78, (0.42, 0.46, 0.60)))
    ):
        x = -rng.uniform(0, 0.1)
        while x < 1:
            wide, top = rng.uniform(0.10, 0.20), foot - rng.uniform(0.14, 0.42 - 0.12 * depth)
            canvas.box(x, top, x + wide, foot + 0.02, colour)
            if depth:
                _windows(canvas, x, top, wide, foot)
            x += wide + rng.uniform(0.0, 0.02)
    canvas.box(0, 0.78, 1, 1, (0.33, 0.34, 0.38))
    canvas.box(0, 0.78, 1, 0.80, (0.60, 0.60, 0.62))
    shift = rng.uniform(0, 0.2)
    for place in np.arange(-0.2, 1.2, 0.25):
        canvas.box(place + shift, 0.895, place + shift + 0.13, 0.908, (0.95, 0.90, 0.65))
    return canvas


def _windows(canvas: Canvas, x: float, top: float, wide: float, foot: float) -> None:
    for row in np.arange(top + 0.02, foot - 0.01, 0.032):
        for column in np.arange(x + 0.018, x + wide - 0.02, 0.034):
            canvas.box(column, row, column + 0.018, row + 0.014, (0.95, 0.87, 0.56))


def _space(rng: np.random.Generator) -> Canvas:
    canvas = Canvas(rng, [(0, (0.03, 0.01, 0.09)), (1, (0.10, 0.03, 0.20))])
    canvas.glow(rng.uniform(0.1, 0.9), rng.uniform(0.2, 0.8), 0.6, (0.50, 0.15, 0.60), 0.55)
    canvas.glow(rng.uniform(0.1, 0.9), rng.uniform(0.2, 0.8), 0.5, (0.10, 0.30, 0.75), 0.5)
    for _ in range(48):
        bright = rng.uniform(0.6, 1.0)
        canvas.disc(rng.random(), rng.random(), rng.uniform(0.004, 0.010), (bright, bright, bright))
    x, y, radius = rng.uniform(0.15, 0.85), rng.uniform(0.10, 0.25), rng.uniform(0.11, 0.16)
    canvas.disc(x, y, radius * 1.75, (0.80, 0.68, 0.52), 0.2)
    canvas.disc(x, y, radius, (0.93, 0.57, 0.35))
    canvas.disc(
        rng.uniform(0.1, 0.9), rng.uniform(0.80, 0.92), rng.uniform(0.07, 0.1), (0.40, 0.62, 0.80)
    )
    return canvas


def _desert(rng: np.random.Generator) -> Canvas:
    canvas = Canvas(rng, [(0, (0.38, 0.70, 0.93)), (0.6, (0.98, 0.92, 0.75))])
    canvas.disc(rng.uniform(0.15, 0.85), rng.uniform(0.08, 0.2), 0.09, (1.0, 0.96, 0.75))
    canvas.hills(rng.uniform(0.54, 0.58), 0.03, 1, (0.93, 0.72, 0.42))
    canvas.hills(rng.uniform(0.64, 0.70), 0.03, 0.8, (0.88, 0.60, 0.30))
    canvas.hills(rng.uniform(0.82, 0.87), 0.025, 0.8, (0.79, 0.49, 0.22))
    return canvas


def _forest(rng: np.random.Generator) -> Canvas:
    canvas = Canvas(rng, [(0, (0.72, 0.90, 0.78)), (0.7, (0.45, 0.72, 0.52))])
    for foot, size, colour in ((0.62, 0.42, (0.36, 0.62, 0.46)), (0.72, 0.5, (0.18, 0.47, 0.32))):
        for place in np.linspace(0, 1, 7) + rng.uniform(-0.06, 0.06, 7):
            canvas.tree(
                place, foot + rng.uniform(-0.02, 0.02), size * rng.uniform(0.85, 1.15), colour
            )
    canvas.hills(rng.uniform(0.70, 0.74), 0.012, 1.5, (0.27, 0.42, 0.20))
    canvas.hills(rng.uniform(0.84, 0.88), 0.015, 1, (0.19, 0.33, 0.15))
    return canvas


def _mountains(rng: np.random.Generator) -> Canvas:
    canvas = Canvas(rng, [(0, (0.42, 0.66, 0.94)), (0.6, (0.88, 0.94, 1.0))])
    canvas.peaks(0.62, 0.30, 4, (0.62, 0.68, 0.80), (0.96, 0.98, 1.0))
    canvas.peaks(0.72, 0.26, 3, (0.42, 0.47, 0.58), (0.93, 0.95, 1.0))
    canvas.hills(rng.uniform(0.70, 0.74), 0.015, 1, (0.33, 0.55, 0.33))
    canvas.hills(rng.uniform(0.86, 0.90), 0.015, 1, (0.24, 0.44, 0.25))
    return canvas


def _sky(rng: np.random.Generator) -> Canvas:
    canvas = Canvas(rng, [(0, (0.18, 0.48, 0.92)), (1, (0.72, 0.90, 1.0))])
    for y in (0.14, 0.34, 0.58, 0.80):
        x = rng.uniform(0.05, 0.95)
        size = rng.uniform(0.09, 0.15)
        canvas.cloud(x, y + rng.uniform(-0.05, 0.05) + 0.012, size, (0.86, 0.93, 1.0))
        canvas.cloud(x, y + rng.uniform(-0.05, 0.05), size * 0.95, (1, 1, 1))
    return canvas


def _room(rng: np.random.Generator) -> Canvas:
    wall = ((0.96, 0.85, 0.74), (0.80, 0.88, 0.94), (0.93, 0.82, 0.87))[rng.integers(3)]
    canvas = Canvas(rng, [(0, wall), (1, wall)])
    x, floor = rng.uniform(0.12, 0.5), rng.uniform(0.70, 0.74)
    canvas.box(x, 0.14, x + 0.36, 0.40, (1, 1, 1))
    canvas.box(x + 0.02, 0.152, x + 0.34, 0.388, (0.62, 0.84, 0.98))
    canvas.box(x + 0.172, 0.15, x + 0.188, 0.39, (1, 1, 1))
    canvas.box(x, 0.262, x + 0.36, 0.272, (1, 1, 1))
    canvas.box(0, floor, 1, 1, (0.70, 0.48, 0.30))
    for row in np.arange(floor + 0.05, 1, 0.055):
        canvas.box(0, row, 1, row + 0.005, (0.58, 0.38, 0.23))
    canvas.box(0, floor - 0.018, 1, floor, (1, 1, 1))
    canvas.disc(rng.uniform(0.3, 0.7), rng.uniform(0.87, 0.9), 0.36, (0.85, 0.38, 0.36), 0.32)
    return canvas


def _stage(rng: np.random.Generator) -> Canvas:
    canvas = Canvas(rng, [(0, (0.14, 0.03, 0.15)), (1, (0.25, 0.06, 0.22))])
    for place in (rng.uniform(0.12, 0.34), rng.uniform(0.66, 0.88)):
        foot = 1 - place + rng.uniform(-0.1, 0.1)
        canvas.polygon(
            [(place - 0.03, 0), (place + 0.03, 0), (foot + 0.26, 0.86), (foot - 0.26, 0.86)],
            (0.56, 0.30, 0.46),
        )
    canvas.blur(3)
    for edge, sign in ((0.0, 1), (1.0, -1)):
        for fold in range(3):
            x = edge + sign * 0.055 * fold
            shade = (0.72 - 0.13 * (fold % 2), 0.08, 0.14)
            canvas.polygon(
                [(x, 0), (x + sign * 0.055, 0), (x + sign * 0.045, 0.80), (x, 0.80)], shade
            )
    canvas.box(0, 0.80, 1, 1, (0.52, 0.33, 0.20))
    canvas.disc(rng.uniform(0.42, 0.58), 0.88, 0.34, (0.93, 0.76, 0.48), 0.26)
    canvas.box(0, 0.80, 1, 0.808, (0.30, 0.18, 0.11))
    return canvas


PAINTERS: dict[str, Callable[[np.random.Generator], Canvas]] = {
    "meadow": _meadow,
    "beach": _beach,
    "sunset": _sunset,
    "night": _night,
    "snow": _snow,
    "sea": _sea,
    "city": _city,
    "space": _space,
    "desert": _desert,
    "forest": _forest,
    "mountains": _mountains,
    "sky": _sky,
    "room": _room,
    "stage": _stage,
}
