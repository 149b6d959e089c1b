"""A clip in layers: a place, and before it objects that move along tracks.

This is what the small model makes, and what turns it into frames of any size.  A track is that of
`generation.small.tracks`; a loop is (phases, 64, 64, 4) of RGB and opacity in 0..1 and repeats
once a clip.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
from PIL import Image

from generation.small.tracks import OPACITY, SIDE, STRETCH, TURN, Floats, X, Y, sampled

Bytes = npt.NDArray[np.uint8]
INVISIBLE = 0.01
EDGE_SHARPNESS = 1.9
SHARPEN_FROM = 1.5
LUMA = np.array([0.299, 0.587, 0.114], np.float32)


@dataclass(frozen=True)
class Actor:
    """An object: its loop, its track, its tint as (red, green, blue, share), its facing.

    An object that `is_mirrored` looks the other way than its loop.
    """

    loop: Floats
    track: Floats
    tint: Floats
    is_mirrored: bool = False

    def shown_loop(self) -> Floats:
        """The loop as it is to be seen: in its tint, looking its way."""
        seen = tinted(self.loop, self.tint)
        return seen[:, :, ::-1] if self.is_mirrored else seen


@dataclass(frozen=True)
class Layers:
    """A clip: the place, (height, width, 3) in 0..1, and its objects, the last in front.

    Where there is a `place_after`, the place becomes that one in the course of the clip.
    """

    place: Floats
    actors: Sequence[Actor]
    place_after: Floats | None = None


def frames_of(layers: Layers, *, width: int, height: int, moments: int) -> Iterator[Bytes]:
    """The clip's frames, each (height, width, 3); `moments` are spread evenly over the clip."""
    still = place_at(layers.place, width=width, height=height)
    after = (
        still
        if layers.place_after is None
        else place_at(layers.place_after, width=width, height=height)
    )
    tracks = [sampled(actor.track, moments) for actor in layers.actors]
    loops = [_pictures(actor.shown_loop()) for actor in layers.actors]
    for moment in range(moments):
        frame = Image.blend(still, after, moment / max(1, moments - 1))
        for track, loop in zip(tracks, loops, strict=True):
            draw(frame, _phase(loop, moment / moments), track[moment])
        yield np.asarray(frame)


def place_at(place: Floats, *, width: int, height: int) -> Image.Image:
    """The place as a picture of that size, smoothly enlarged."""
    picture = Image.fromarray((place * 255 + 0.5).clip(0, 255).astype(np.uint8))
    return picture.resize((width, height), Image.Resampling.BICUBIC)


def draw(frame: Image.Image, sprite: Image.Image, row: Floats) -> None:
    """Draw a sprite into the frame where the row of a track says."""
    if row[OPACITY] < INVISIBLE or row[SIDE] <= 0:
        return
    wide = float(row[SIDE] * np.exp(-row[STRETCH] / 2)) * frame.width
    tall = float(row[SIDE] * np.exp(row[STRETCH] / 2)) * frame.width
    region, place = _laid(sprite, row, wide, tall, frame)
    alpha = region.getchannel("A")
    if max(wide, tall) > SHARPEN_FROM * sprite.width:
        alpha = alpha.point(_SHARPER)
    if row[OPACITY] < 1:
        alpha = alpha.point(lambda value: value * float(row[OPACITY]))
    frame.paste(region.convert("RGB"), place, alpha)


def _laid(
    sprite: Image.Image, row: Floats, wide: float, tall: float, frame: Image.Image
) -> tuple[Image.Image, tuple[int, int]]:
    """Return the turned, scaled sprite in the smallest box, and the box's corner."""
    angle = 2 * np.pi * float(row[TURN])
    cos, sin = float(np.cos(angle)), float(np.sin(angle))
    half_x = (abs(wide * cos) + abs(tall * sin)) / 2 + 1
    half_y = (abs(wide * sin) + abs(tall * cos)) / 2 + 1
    x, y = float(row[X]) * frame.width, float(row[Y]) * frame.height
    left, top = int(np.floor(x - half_x)), int(np.floor(y - half_y))
    size = (int(2 * half_x) + 2, int(2 * half_y) + 2)
    # From the box's pixels back to the sprite's: turn back, then scale.
    across, along = sprite.width / wide, sprite.height / tall
    dx, dy = left - x, top - y
    matrix = (
        cos * across, sin * across, (cos * dx + sin * dy) * across + sprite.width / 2,
        -sin * along, cos * along, (-sin * dx + cos * dy) * along + sprite.height / 2,
    )  # fmt: skip
    region = sprite.transform(size, Image.Transform.AFFINE, matrix, Image.Resampling.BICUBIC)
    return region, (left, top)


_SHARPER = [
    int(min(255, max(0, round((value - 127.5) * EDGE_SHARPNESS + 127.5)))) for value in range(256)
]


def tinted(loop: Floats, tint: Floats) -> Floats:
    """The loop in the tint's colour, by the tint's share: light and dark stay as they are."""
    share = float(np.clip(tint[3], 0, 1))
    if share < INVISIBLE:
        return loop
    light = (loop[..., :3] @ LUMA)[..., None]
    colour = np.clip(tint[:3], 0, 1) * (0.40 + 0.75 * light)
    shine = np.clip((light - 0.82) / 0.18, 0, 1)
    dyed = np.clip(colour * (1 - shine) + shine, 0, 1)
    mixed = np.concatenate([loop[..., :3] * (1 - share) + dyed * share, loop[..., 3:]], axis=-1)
    return np.asarray(mixed, np.float32)


def picture_of(phase: Floats) -> Image.Image:
    """One phase of a loop as a picture."""
    return Image.fromarray((phase * 255 + 0.5).clip(0, 255).astype(np.uint8))


def _pictures(loop: Floats) -> list[Image.Image]:
    return [picture_of(phase) for phase in loop]


def _phase(loop: list[Image.Image], moment: float) -> Image.Image:
    # Held, not mixed: between two drawings a mix shows both.
    return loop[int(moment * len(loop)) % len(loop)]
