"""How things move: every motion as a track of an object through a clip.

A track is (moments, 6) of float32: centre x and y as shares of the picture's width and height,
side as a share of its width, stretch (the natural logarithm of height over width), turn (whole
turns, clockwise), opacity (0..1).  x and y may lie outside of the picture.
"""

import math
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

from generation.small.vocabulary import SIZES, USUAL_SIZE, Actor

Floats = npt.NDArray[np.floating[Any]]

MOMENTS = 48
BEFORE = 4
X, Y, SIDE, STRETCH, TURN, OPACITY = range(6)
CHANNELS = 6
TALL = 16 / 9


@dataclass(frozen=True)
class Setting:
    """What a motion is made of: time 0..1 (moments,), a place (x, y), a side, a pace, chance."""

    time: Floats
    x: float
    y: float
    side: float
    pace: float
    rng: np.random.Generator

    def still(self) -> Floats:
        """The track of what does nothing."""
        track = np.zeros((len(self.time), CHANNELS), np.float32)
        track[:, X], track[:, Y], track[:, SIDE], track[:, OPACITY] = self.x, self.y, self.side, 1
        return track

    def paced(self, slow: float, usual: float, fast: float) -> float:
        """The one of three that suits the pace."""
        return {-1: slow, 0: usual, 1: fast}[round(self.pace)]


PACES = {"slow": -1.0, None: 0.0, "fast": 1.0}


def track_of(actor: Actor, rng: np.random.Generator, *, side_of_picture: float = 0.0) -> Floats:
    """A track of what the actor does; where and how far varies with `rng`.

    It is (4 + 48, 6): four moments before the clip begins, then the clip's.

    `side_of_picture` is -1 for the left, 1 for the right half, 0 for the middle: two objects
    share a picture so.
    """
    usual = USUAL_SIZE if side_of_picture == 0 else 0.85 * USUAL_SIZE
    side = SIZES[actor.size][0] if actor.size else usual
    setting = Setting(
        time=np.arange(-BEFORE, MOMENTS, dtype=np.float32) / (MOMENTS - 1),
        x=0.5 + 0.22 * side_of_picture + rng.uniform(-0.08, 0.08),
        y=rng.uniform(0.42, 0.66),
        side=side * rng.uniform(0.92, 1.08),
        pace=PACES[actor.speed],
        rng=rng,
    )
    return MOTIONS[actor.motion](setting).astype(np.float32)


def _sideways(setting: Setting, sign: float) -> Floats:
    track = setting.still()
    span = setting.paced(0.30, 0.60, 1.30)
    along = (setting.time - 0.5) * span * sign
    track[:, X] = (0.5 if setting.pace > 0 else 0.3 * setting.x + 0.35) + along
    track[:, Y] += 0.008 * np.sin(setting.time * 2 * math.pi * 4)
    return track


def _upright(setting: Setting, sign: float) -> Floats:
    track = setting.still()
    span = setting.paced(0.24, 0.50, 1.25)
    track[:, Y] = 0.5 + (setting.time - 0.5) * span * sign
    return track


def _jumps(setting: Setting) -> Floats:
    track = setting.still()
    times = setting.paced(2, 3, 5)
    height = np.abs(np.sin(math.pi * times * setting.time))
    track[:, Y] = setting.y + 0.12 - 0.24 * height
    track[:, STRETCH] = 0.30 * (height - 0.6) * np.exp(-3 * height)
    return track


def _spins(setting: Setting) -> Floats:
    track = setting.still()
    track[:, TURN] = setting.time * setting.paced(1, 2, 4)
    return track


def _zoomed(setting: Setting, sign: float) -> Floats:
    track = setting.still()
    span = setting.paced(0.6, 1.25, 1.9)
    track[:, SIDE] = setting.side * np.exp(sign * span * (setting.time - 0.5))
    return track


def _circles(setting: Setting) -> Floats:
    track = setting.still()
    sense = setting.rng.choice((-1.0, 1.0))
    angle = (
        2 * math.pi * (sense * setting.paced(0.75, 1.5, 3) * setting.time + setting.rng.random())
    )
    radius = setting.rng.uniform(0.19, 0.25)
    track[:, X] = 0.4 * setting.x + 0.3 + radius * np.cos(angle)
    track[:, Y] = setting.y - 0.04 + radius / TALL * np.sin(angle)
    return track


def _shakes(setting: Setting) -> Floats:
    track = setting.still()
    swing = np.sin(2 * math.pi * setting.paced(5, 9, 14) * setting.time)
    track[:, X] += 0.035 * swing
    track[:, TURN] = 0.02 * swing
    return track


def _zigzags(setting: Setting) -> Floats:
    track = setting.still()
    sense = setting.rng.choice((-1.0, 1.0))
    wave = setting.time * setting.paced(1, 2, 3.5) + 0.25
    track[:, X] = 0.4 * setting.x + 0.3 + sense * 0.24 * (4 * np.abs(wave % 1 - 0.5) - 1)
    track[:, Y] = setting.y + setting.rng.choice((-1.0, 1.0)) * 0.36 * (setting.time - 0.5)
    return track


def _appears(setting: Setting) -> Floats:
    track = setting.still()
    begun, done = 0.15, setting.paced(0.85, 0.45, 0.25)
    share = np.clip((setting.time - begun) / (done - begun), 0, 1)
    track[:, OPACITY] = np.clip(3 * share, 0, 1)
    track[:, SIDE] *= 0.25 + 0.75 * share + 0.25 * np.sin(math.pi * share) * share
    return track


def _swings(setting: Setting) -> Floats:
    track = setting.still()
    swing = np.sin(2 * math.pi * setting.paced(1, 2, 4) * setting.time)
    track[:, TURN] = 0.075 * swing
    track[:, X] += 0.05 * swing
    return track


def _rolls(setting: Setting) -> Floats:
    track = _sideways(setting, 1)
    track[:, Y] = setting.y + 0.08
    track[:, TURN] = (track[:, X] - track[BEFORE, X]) / (math.pi * setting.side) * 1.3
    return track


def _flies_past(setting: Setting) -> Floats:
    track = setting.still()
    along = 1.5 * (setting.time / setting.paced(1.6, 1, 0.55)) - 0.25
    track[:, X] = along
    track[:, Y] = setting.y + 0.08 - 0.42 * along + 0.12 * np.sin(math.pi * np.clip(along, 0, 1))
    track[:, TURN] = -0.04
    return track


def _stays(setting: Setting) -> Floats:
    track = setting.still()
    track[:, Y] += 0.006 * np.sin(2 * math.pi * setting.paced(1, 2, 4) * setting.time)
    return track


MOTIONS: dict[str, Callable[[Setting], Floats]] = {
    "moves right": lambda setting: _sideways(setting, 1),
    "moves left": lambda setting: _sideways(setting, -1),
    "rises": lambda setting: _upright(setting, -1),
    "falls": lambda setting: _upright(setting, 1),
    "jumps": _jumps,
    "spins": _spins,
    "grows": lambda setting: _zoomed(setting, 1),
    "shrinks": lambda setting: _zoomed(setting, -1),
    "circles": _circles,
    "shakes": _shakes,
    "zigzags": _zigzags,
    "appears": _appears,
    "swings": _swings,
    "rolls": _rolls,
    "flies past": _flies_past,
    "stays": _stays,
}


def sampled(track: Floats, moments: int) -> Floats:
    """The track at `moments` evenly spread moments, by straight lines between its own."""
    own = np.linspace(0, 1, len(track))
    wanted = np.linspace(0, 1, moments)
    return np.stack(
        [np.interp(wanted, own, track[:, channel]) for channel in range(track.shape[1])], axis=1
    ).astype(np.float32)
