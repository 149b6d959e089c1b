"""The world that training sees: scenes as layers, and the frames a clip may be begun with.

Sprites come from the animated Fluent emoji (see `generation.small.sprites`), places are painted,
motions are tracks.  Everything random is drawn from the generator passed in, so a seed always
makes the same scenes.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
from PIL import Image

from generation.small import painters, sprites
from generation.small.layers import Actor as Layer
from generation.small.layers import draw, picture_of
from generation.small.tracks import BEFORE, CHANNELS, MOMENTS, SIDE, Floats, X, Y, track_of
from generation.small.vocabulary import (
    COLOURS,
    LOOKING_LEFT,
    LOOKING_RIGHT,
    OBJECT_NAMES,
    PLACE_NAMES,
    Actor,
    Scene,
)

PAINTED = 120
VIEWS = 6
SAID_ONCE = 5
TRACK_SIZE = MOMENTS * CHANNELS + SAID_ONCE
FACING = 2.0
NOTABLE_TRAVEL = 0.02


@dataclass(frozen=True)
class Bank:
    """What scenes are put together from, made once.

    `loops` is (objects, 16, 64, 64, 4) in 0..1, by `names`; `places` (places, painted, 256, 144, 3)
    uint8.
    """

    loops: Floats
    places: npt.NDArray[np.uint8]
    names: tuple[str, ...] = OBJECT_NAMES


def make_bank(
    assets: Path,
    seed: int,
    *,
    painted: int = PAINTED,
    names: tuple[str, ...] = OBJECT_NAMES,
) -> Bank:
    """The bank of the sprites in `assets` and of places painted from `seed`."""
    rng = np.random.default_rng(seed)
    loops = np.stack([sprites.loop_of(name, assets) for name in names])
    places = [
        [(painters.paint(name, rng) * 255 + 0.5).astype(np.uint8) for _ in range(painted)]
        for name in PLACE_NAMES
    ]
    return Bank(loops, np.array(places), names)


@dataclass(frozen=True)
class Staged:
    """A scene made ready: its place's picture, and for each actor a layer and a longer track.

    `place` is (256, 144, 3) uint8, `variant` its number in the bank; `tracks` are (4 + 48, 6).
    """

    scene: Scene
    place: npt.NDArray[np.uint8]
    variant: int
    layers: Sequence[Layer]
    tracks: Sequence[Floats]


def stage(
    scene: Scene,
    bank: Bank,
    rng: np.random.Generator,
    *,
    is_anywhere: bool = False,
    views: int | None = None,
) -> Staged:
    """The scene with everything chosen; `is_anywhere` lets actors begin where nobody asked.

    A clip that goes on from another begins wherever that one ended.  The place is one of its first
    `views` pictures, or of all.
    """
    variant = int(rng.integers(views or bank.places.shape[1]))
    place = bank.places[PLACE_NAMES.index(scene.place), variant]
    halves = _halves(len(scene.actors), rng)
    tracks = [
        track_of(actor, rng, side_of_picture=half)
        for actor, half in zip(scene.actors, halves, strict=True)
    ]
    if is_anywhere:
        tracks = [_elsewhere(track, rng) for track in tracks]
    layers = [
        layer_of(actor, track[BEFORE:], bank)
        for actor, track in zip(scene.actors, tracks, strict=True)
    ]
    return Staged(scene, place, variant, layers, tracks)


def layer_of(actor: Actor, track: Floats, bank: Bank) -> Layer:
    """The actor as a layer that follows the track."""
    loop = bank.loops[bank.names.index(actor.object)]
    is_mirrored = looks_the_other_way(actor.object, track)
    return Layer(loop, track, tint_of(actor.colour), is_mirrored)


def tint_of(colour: str | None) -> Floats:
    """The dye that a colour word means; None is none."""
    return np.array([*COLOURS[colour][0], 1] if colour else [0, 0, 0, 0], np.float32)


def view_number(place: str, view: int) -> int:
    """What the network calls one of a place's six views."""
    return 1 + PLACE_NAMES.index(place) * VIEWS + view


def looks_the_other_way(thing: str, track: Floats) -> bool:
    """True where a thing that is drawn from the side travels against its look."""
    travel = float(track[-1, X] - track[0, X])
    return (thing in LOOKING_LEFT and travel > NOTABLE_TRAVEL) or (
        thing in LOOKING_RIGHT and travel < -NOTABLE_TRAVEL
    )


def _halves(actors: int, rng: np.random.Generator) -> Sequence[float]:
    if actors == 1:
        return (0.0,)
    return (-1.0, 1.0) if rng.random() < 0.5 else (1.0, -1.0)  # noqa: PLR2004 - a fair coin


def _elsewhere(track: Floats, rng: np.random.Generator) -> Floats:
    moved = track.copy()
    moved[:, X] += rng.uniform(0.05, 0.95) - track[BEFORE, X]
    moved[:, Y] += rng.uniform(0.15, 0.85) - track[BEFORE, Y]
    moved[:, SIDE] *= np.exp(rng.uniform(-0.4, 0.4))
    return moved


def frame_at(staged: Staged, moment: int) -> npt.NDArray[np.uint8]:
    """The scene's frame (256, 144, 3) at a moment of the clip; -4 to -1 are before it begins."""
    frame = Image.fromarray(staged.place)
    for layer, track in zip(staged.layers, staged.tracks, strict=True):
        phase = (moment * len(layer.loop) // MOMENTS) % len(layer.loop)
        shown = Layer(layer.loop[phase : phase + 1], track, layer.tint, layer.is_mirrored)
        draw(frame, picture_of(shown.shown_loop()[0]), track[BEFORE + moment])
    return np.asarray(frame)


def flat(layer: Layer) -> Floats:
    """A layer's track and what is said of it once, as one vector of 293 numbers."""
    facing = FACING if layer.is_mirrored else -FACING
    return np.concatenate([layer.track.ravel(), layer.tint, [facing]]).astype(np.float32)


def unflat(vector: Floats, loop: Floats) -> Layer:
    """Undo `flat`."""
    track = vector[: MOMENTS * CHANNELS].reshape(MOMENTS, CHANNELS)
    tint = vector[MOMENTS * CHANNELS : -1]
    return Layer(loop, track, tint, is_mirrored=bool(vector[-1] > 0))


def weights_of_flat() -> npt.NDArray[np.floating[Any]]:
    """How much each number of `flat` counts: a place counts more than a turn."""
    channels = np.array([6.0, 8.0, 8.0, 4.0, 1.5, 1.0], np.float32)
    once = np.array([3.0, 3.0, 3.0, 5.0, 3.0], np.float32)
    return np.concatenate([np.tile(channels, MOMENTS), once]).astype(np.float32)
