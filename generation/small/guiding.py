"""Boxes that a creator drew, as what the network is told and as what its tracks are held to."""

from collections.abc import Sequence
from dataclasses import replace
from typing import TypeAlias

import numpy as np
import numpy.typing as npt
import torch
from torch import Tensor

from generation.motion import BoxTrack, Keyframe, MotionSpec
from generation.small.layers import Actor as Layer
from generation.small.lessons import SOFT, guide_rows
from generation.small.network import GUIDE_CHANNELS
from generation.small.tracks import MOMENTS, SIDE, STRETCH, TALL, Floats, X, Y
from generation.small.understanding import understood
from generation.small.vocabulary import Actor

MOST_STRETCH = 0.5
SOFT_PULL = 0.5
LEAST_GAP = 0.40
SOLID = 0.3
Extent: TypeAlias = tuple[float, float, float, float]
WHOLE: Extent = (0.0, 0.0, 1.0, 1.0)
HELD = [X, Y, SIDE, STRETCH]


def tracks_of_actors(spec: MotionSpec | None, actors: tuple[Actor, ...]) -> list[BoxTrack | None]:
    """For each actor the track drawn for it: by its label where one fits, else in their order."""
    free = list(spec.tracks) if spec else []
    found: list[BoxTrack | None] = []
    for actor in actors:
        named = next((track for track in free if _names(track.label, actor)), None)
        unnamed = next((track for track in free if not track.label), None)
        found.append(named or unnamed)
        free = [track for track in free if track is not found[-1]]
    for place, track in enumerate(found):
        if track is None and free:
            found[place] = free.pop(0)
    return found


def _names(label: str, actor: Actor) -> bool:
    return any(read.object == actor.object for read in understood(label).actors)


def guide_of(track: BoxTrack | None) -> Tensor:
    """What the network is told of a drawn track, (48, 5)."""
    guide = np.zeros((MOMENTS, GUIDE_CHANNELS), np.float32)
    if track is not None:
        moments, values = _held(track, WHOLE)
        guide[moments] = guide_rows(values, 1.0 if track.is_hard else SOFT)
    return torch.from_numpy(guide)


def held_to(actor: Layer, drawn: BoxTrack | None) -> Layer:
    """The actor, its track drawn to the boxes: hard ones are met, soft ones half-way.

    It is what is seen of the object that fills a box, not the square it is drawn in.  What is
    missing at the keyframes is added between them in straight lines.
    """
    if drawn is None:
        return actor
    moments, values = _held(drawn, _extent(actor))
    missing = (values - actor.track[moments][:, HELD]) * (1.0 if drawn.is_hard else SOFT_PULL)
    track = actor.track.copy()
    for place, channel in enumerate(HELD):
        track[:, channel] += np.interp(np.arange(MOMENTS), moments, missing[:, place])
    return replace(actor, track=track)


def apart(actors: Sequence[Layer]) -> Sequence[Layer]:
    """The actors; two that would stand before each other each make room to their side."""
    if len(actors) < 2:  # noqa: PLR2004 - alone
        return actors
    middles = [float(actor.track[:, X].mean()) for actor in actors]
    gap = middles[1] - middles[0]
    missing = max(0.0, LEAST_GAP - abs(gap)) / 2 * (1 if gap >= 0 else -1)
    shifted = []
    for actor, side in zip(actors, (-missing, missing), strict=True):
        track = actor.track.copy()
        track[:, X] += side
        shifted.append(replace(actor, track=track))
    return shifted


def _extent(actor: Layer) -> Extent:
    """Return what part of its square the object fills: x0, y0, x1, y1 in shares of the square."""
    solid = actor.shown_loop()[..., 3].mean(0) > SOLID
    rows, columns = np.flatnonzero(solid.any(1)), np.flatnonzero(solid.any(0))
    if not len(rows):
        return WHOLE
    tall, wide = solid.shape
    return columns[0] / wide, rows[0] / tall, (columns[-1] + 1) / wide, (rows[-1] + 1) / tall


def _held(track: BoxTrack, extent: Extent) -> tuple[npt.NDArray[np.int64], Floats]:
    """Return the keyframes' moments (count,), none twice, and x, y, side, stretch (count, 4)."""
    moments = np.array([round(key.at * (MOMENTS - 1)) for key in track.keyframes])
    kept, first = np.unique(moments, return_index=True)
    laid = [_laid(track.keyframes[place], extent) for place in first]
    return kept, np.array(laid, np.float32)


def _laid(key: Keyframe, extent: Extent) -> tuple[float, float, float, float]:
    x0, y0, x1, y1 = extent
    wide, tall = (key.x1 - key.x0) / (x1 - x0), (key.y1 - key.y0) * TALL / (y1 - y0)
    stretch = float(np.clip(np.log(tall / wide), -MOST_STRETCH, MOST_STRETCH))
    side = float(np.sqrt(wide * tall))
    off_x = ((x0 + x1) / 2 - 0.5) * side * np.exp(-stretch / 2)
    off_y = ((y0 + y1) / 2 - 0.5) * side * np.exp(stretch / 2) / TALL
    return (key.x0 + key.x1) / 2 - off_x, (key.y0 + key.y1) / 2 - off_y, side, stretch
