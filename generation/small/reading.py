"""Reads back from pixels what a clip shows, to measure how far prompts are followed.

The place is read from its own picture: the nearest painted one.  Each object is drawn along its
track before plain magenta and read from those frames: where they differ is where it is; there every
known object is laid over the frame at a few places and sizes, and the one that explains most is
read.  Its best places are its track, and the motion is read whose own tracks come nearest to that.
"""

import random
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Any

import numpy as np
import numpy.typing as npt
import torch
from PIL import Image
from scipy import ndimage
from torch import Tensor
from torch.nn import functional

from generation.small.layers import Actor as Layer
from generation.small.layers import Layers, frames_of, picture_of, tinted
from generation.small.sprites import PHASES
from generation.small.tracks import (
    BEFORE,
    MOMENTS,
    OPACITY,
    SIDE,
    TALL,
    TURN,
    Floats,
    X,
    Y,
    track_of,
)
from generation.small.vocabulary import (
    COLOURS,
    LOOKING_LEFT,
    LOOKING_RIGHT,
    MOTION_NAMES,
    PLACE_NAMES,
    SIZES,
    SPEEDS,
    Actor,
)
from generation.small.world import Bank

WIDTH, HEIGHT = 54, 96
LOOKS = 24
LOOKS_FOR_OBJECT = 8
EXAMPLES = 30
MOST_MISFIT = 0.05
DIFFERENT = 0.08
MAGENTA = (0.95, 0.05, 0.95)
GRAIN = 20
SHIFTS = (-0.12, 0.0, 0.12)
SCALES = (0.85, 1.0, 1.2)
LEAST_AREA = 6
ANGLES = 16
TRACKS_OF_MOTION = 160
USUALLY_SEEN = 0.8

Box = tuple[float, float, float]


@dataclass(frozen=True)
class Found:
    """An object read: its name, colour (None: its own), boxes and turns over 24 looks.

    `track` is (24, 5): x, y, side as in `generation.small.tracks`, turn, and how much of the
    object is seen (about 0 to 1).
    """

    name: str
    colour: str | None
    motion: str
    track: Floats


@dataclass(frozen=True)
class Read:
    """What a clip shows, as read from its pixels."""

    place: str
    found: tuple[Found, ...]


@dataclass(frozen=True)
class _Template:
    name: str
    colour: str | None
    is_mirrored: bool = False


class SceneReader:
    """Reads clips from their layers."""

    def __init__(self, bank: Bank, seed: int = 0) -> None:
        """Promise a reader that knows the objects and places of `bank`."""
        self.bank, self.seed = bank, seed

    def read(self, layers: Layers, *, colours: Sequence[str] = ()) -> Read:
        """Return what explains the clip best; `colours` are looked for beside the objects' own."""
        found = [self._find(_alone(actor), colours) for actor in layers.actors]
        return Read(self._place(layers.place), tuple(found))

    def _find(self, frames: Tensor, colours: Sequence[str]) -> Found:
        still = torch.tensor(MAGENTA)[:, None, None].expand(-1, HEIGHT, WIDTH)
        boxes = _boxes(frames, still)
        templates = tuple(
            one for colour in (None, *dict.fromkeys(colours)) for one in self._templates(colour)
        )
        gained = np.zeros(len(templates))
        seen = [at for at in range(LOOKS) if boxes[at] is not None]
        for at in seen[:: max(1, len(seen) // LOOKS_FOR_OBJECT)]:
            gained += self._gains(frames[at], still, at, templates, boxes[at]).max(0)
        template = templates[int(gained.argmax())]
        rows = [self._row(frames[at], still, at, template, boxes[at]) for at in range(LOOKS)]
        track = np.array([self._turned(frames[at], at, template, rows[at]) for at in range(LOOKS)])
        usual = np.quantile(track[:, 4], USUALLY_SEEN)
        track[:, 4] = np.clip(track[:, 4] / max(1e-6, 0.6 * usual), 0, 1)
        track[:, 4] *= [box is not None and _is_whole(*box) for box in boxes]
        return Found(template.name, template.colour, self.motion(track), track)

    def _gains(
        self, frame: Tensor, still: Tensor, at: int, templates: Sequence[_Template], box: Box | None
    ) -> Floats:
        """Return (boxes tried, templates): how much better they explain than the place does."""
        tried = _around(box)
        both = _cuts(torch.cat([frame, still]), tried)
        seen, place = both[:, :3].flatten(1), both[:, 3:].flatten(1)
        beyond = seen.square() - (seen - place).square()
        weights, colours, power = self._filters(at, tuple(templates))
        gains = 2 * seen @ colours.T - beyond @ weights.T - power
        area = torch.tensor([one[2] ** 2 for one in tried])[:, None]
        return np.asarray((gains * area).numpy())

    def _row(
        self, frame: Tensor, still: Tensor, at: int, template: _Template, box: Box | None
    ) -> tuple[float, float, float, float]:
        """Return (x, y, side, gain per area) of where the template fits best."""
        if box is None:
            return 0.5, 0.5, 0.3, 0.0
        gains = self._gains(frame, still, at, (template,), box)[:, 0]
        x, y, side = _around(box)[int(gains.argmax())]
        return x, y, side, max(0.0, float(gains.max()) / side**2 / GRAIN**2)

    def _turned(
        self, frame: Tensor, at: int, template: _Template, row: tuple[float, ...]
    ) -> list[float]:
        """Return (x, y, side, turn, seen) by trying turns where the template was found."""
        sprite = picture_of(self._loop(template)[at * PHASES // LOOKS])
        pixels = max(6, round(row[2] * WIDTH))
        misfits = []
        for step in range(ANGLES):
            turned = sprite.rotate(-360 * step / ANGLES, Image.Resampling.BILINEAR)
            small = (
                np.asarray(turned.resize((pixels, pixels), Image.Resampling.BILINEAR), np.float32)
                / 255
            )
            misfits.append(_misfit(frame.permute(1, 2, 0).numpy(), small, row))
        turn = int(np.argmin(misfits)) / ANGLES
        return [row[0], row[1], row[2], turn, row[3]]

    def _filters(self, at: int, templates: tuple[_Template, ...]) -> tuple[Tensor, Tensor, Tensor]:
        key = (at * PHASES // LOOKS, templates)
        if key not in self._kept:
            self._kept[key] = self._filter(*key)
        return self._kept[key]

    def _filter(
        self, phase: int, templates: tuple[_Template, ...]
    ) -> tuple[Tensor, Tensor, Tensor]:
        loops = torch.from_numpy(np.stack([self._loop(one)[phase] for one in templates]))
        loops = torch.cat([loops[..., :3] * loops[..., 3:], loops[..., 3:]], -1).permute(0, 3, 1, 2)
        small = functional.interpolate(loops, size=(GRAIN, GRAIN), mode="area")
        weights = small[:, 3:].expand(-1, 3, -1, -1).flatten(1)
        colours = (small[:, :3] / small[:, 3:].clamp(min=1e-3)).flatten(1)
        return weights, weights * colours, (weights * colours.square()).sum(1)

    @cached_property
    def _kept(self) -> dict[Any, tuple[Tensor, Tensor, Tensor]]:
        return {}

    def _templates(self, colour: str | None) -> tuple[_Template, ...]:
        sided = [name for name in self.bank.names if name in LOOKING_LEFT | LOOKING_RIGHT]
        return (
            *(_Template(name, colour) for name in self.bank.names),
            *(_Template(name, colour, is_mirrored=True) for name in sided),
        )

    def _loop(self, template: _Template) -> Floats:
        loop = self.bank.loops[self.bank.names.index(template.name)]
        if template.colour:
            loop = tinted(loop, np.array([*COLOURS[template.colour][0], 1.0], np.float32))
        return loop[:, :, ::-1].copy() if template.is_mirrored else loop

    def _place(self, place: Floats) -> str:
        misfit = (self._examples - _shrunk(place[None])).square().sum(1).clamp(max=MOST_MISFIT)
        return PLACE_NAMES[int(misfit.sum((1, 2)).argmin()) // EXAMPLES]

    @cached_property
    def _examples(self) -> Tensor:
        painted = self.bank.places[:, -EXAMPLES:].reshape(-1, *self.bank.places.shape[2:])
        return _shrunk(painted.astype(np.float32) / 255)

    def motion(self, track: Floats) -> str:
        """The motion whose own tracks come nearest to a read track (24, 5)."""
        features = _features(track)
        off = np.square(self._known_motions[0] - features).sum((1, 2))
        return MOTION_NAMES[self._known_motions[1][int(off.argmin())]]

    @cached_property
    def _known_motions(self) -> tuple[Floats, npt.NDArray[np.int64]]:
        rng, luck = np.random.default_rng(self.seed), random.Random(self.seed)
        rows, names = [], []
        for place, name in enumerate(MOTION_NAMES):
            for _ in range(TRACKS_OF_MOTION):
                speed = luck.choice((None, None, *SPEEDS))
                size = luck.choice((None, None, *SIZES))
                track = track_of(Actor("cat", name, size=size, speed=speed), rng)[BEFORE:]
                at = np.linspace(0, MOMENTS - 1, LOOKS).round().astype(int)
                seen = track[at][:, [X, Y, SIDE, TURN, OPACITY]]
                seen[:, 4] *= [_is_whole(row[0], row[1], row[2]) for row in seen]
                rows.append(_features(seen))
                names.append(place)
        return np.stack(rows), np.array(names)


def _features(track: Floats) -> Floats:
    """What of a track tells a motion, (24, 6): where it is seen, wherever it lies."""
    seen = np.clip(track[:, 4], 0, 1)
    x, y = track[:, 0], track[:, 1] * TALL
    side = np.log(np.maximum(track[:, 2], 0.05))
    weight = seen / max(1e-3, float(seen.sum()))
    turn = 2 * np.pi * track[:, 3]
    middle = [(values - (values * weight).sum()) * seen for values in (x, y, side)]
    return np.stack(
        [
            4 * middle[0],
            4 * middle[1],
            1.5 * middle[2],
            0.5 * np.sin(turn) * seen,
            0.5 * np.cos(turn) * seen,
            0.7 * seen,
        ],
        1,
    )


def _boxes(frames: Tensor, still: Tensor) -> list[Box | None]:
    """Return for each look the box (x, y, side) around the largest thing that is not the place."""
    boxes: list[Box | None] = []
    for frame in frames:
        differs = (frame - still).abs().amax(0).numpy() > DIFFERENT
        labels, count = ndimage.label(ndimage.binary_closing(differs, iterations=1))
        sizes = np.bincount(labels.ravel(), minlength=count + 1)[1:]
        if not count or sizes.max() < LEAST_AREA:
            boxes.append(None)
            continue
        rows, columns = ndimage.find_objects(labels)[int(sizes.argmax())]
        side = max(columns.stop - columns.start, rows.stop - rows.start) / WIDTH * 1.08
        middle = (columns.start + columns.stop) / 2 / WIDTH, (rows.start + rows.stop) / 2 / HEIGHT
        boxes.append((*middle, side))
    return boxes


def _is_whole(x: float, y: float, side: float) -> bool:
    """Tell whether the picture's edge cuts nothing off: where it does, the middle is not seen."""
    half = 0.45 * side
    return half <= x <= 1 - half and half / TALL <= y <= 1 - half / TALL


def _around(box: Box | None) -> list[Box]:
    if box is None:
        return [(0.5, 0.5, 0.3)]
    x, y, side = box
    return [
        (x + dx * side, y + dy * side / TALL, side * scale)
        for scale in SCALES
        for dx in SHIFTS
        for dy in SHIFTS
    ]


def _cuts(picture: Tensor, boxes: Sequence[Box]) -> Tensor:
    """Return what the boxes show of a picture (channels, h, w): (boxes, channels, 20, 20)."""
    x, y, side = torch.tensor(boxes).T[:, :, None]
    steps = (torch.arange(GRAIN) + 0.5) / GRAIN - 0.5
    across, down = 2 * (x + steps * side) - 1, 2 * (y + steps * side / TALL) - 1
    grid = torch.stack(torch.broadcast_tensors(across[:, None, :], down[:, :, None]), -1)
    return functional.grid_sample(
        picture.expand(len(boxes), -1, -1, -1), grid, padding_mode="border", align_corners=False
    )


def _misfit(frame: Floats, sprite: Floats, row: tuple[float, ...]) -> float:
    side = sprite.shape[0]
    left, top = round(row[0] * WIDTH - side / 2), round(row[1] * HEIGHT - side / 2)
    x0, y0 = max(0, left), max(0, top)
    x1, y1 = min(WIDTH, left + side), min(HEIGHT, top + side)
    if x1 - x0 < 3 or y1 - y0 < 3:  # noqa: PLR2004 - too little to tell
        return 1.0
    part = sprite[y0 - top : y1 - top, x0 - left : x1 - left]
    weight = part[..., 3:]
    off = np.square(part[..., :3] - frame[y0:y1, x0:x1]) * weight
    return float(off.sum() / max(1e-3, weight.sum()))


def _alone(actor: Layer) -> Tensor:
    """Return 24 looks at an object before magenta, (24, 3, 96, 54)."""
    plain = Layers(np.full((HEIGHT, WIDTH, 3), MAGENTA, np.float32), [actor])
    frames = np.stack(list(frames_of(plain, width=WIDTH, height=HEIGHT, moments=LOOKS)))
    return torch.from_numpy(frames).permute(0, 3, 1, 2).float() / 255


def _shrunk(pictures: Floats) -> Tensor:
    values = torch.from_numpy(np.ascontiguousarray(pictures, np.float32)).permute(0, 3, 1, 2)
    return functional.interpolate(values, size=(HEIGHT, WIDTH), mode="area")


def visible_boxes(actor: Layer, *, moments: int) -> list[Floats | None]:
    """The box (x0, y0, x1, y1), in shares of the picture, around what is seen at each moment."""
    wide, tall = 2 * WIDTH, 2 * HEIGHT
    plain = Layers(np.full((tall, wide, 3), MAGENTA, np.float32), [actor])
    boxes: list[Floats | None] = []
    for frame in frames_of(plain, width=wide, height=tall, moments=moments):
        differs = np.abs(frame.astype(np.float32) / 255 - np.array(MAGENTA)).max(-1) > DIFFERENT * 2
        rows, columns = np.flatnonzero(differs.any(1)), np.flatnonzero(differs.any(0))
        if not len(rows):
            boxes.append(None)
            continue
        edges = (columns[0] / wide, rows[0] / tall, (columns[-1] + 1) / wide, (rows[-1] + 1) / tall)
        boxes.append(np.array(edges, np.float32))
    return boxes
