"""How a picture looks, in 256 bits: PDQ, so that a copy of it is recognised.

The algorithm is Meta's, published in "The TMK+PDQF Video-Hashing Algorithm and the PDQ
Image-Hashing Algorithm" (2019): blur and shrink the luminance to 64 by 64, take the 16 by 16 lowest
frequencies of its cosine transform without the constant ones, and write down which lie above their
median.  Two pictures are taken for the same when at most 31 of the 256 bits differ.
"""

from dataclasses import dataclass
from functools import cache, lru_cache
from typing import TypeAlias

import numpy as np
from numpy.typing import NDArray

from video.frames import Frame

BITS = 256
HASH_BYTES = BITS // 8
MATCHING_BITS = 31
SIDE = 64
FREQUENCIES = 16
WINDOWS_PER_SIDE = 128
PASSES = 2
LUMINANCE = np.array([0.299, 0.587, 0.114], dtype=np.float32)
FULL_SCALE = 255
PERCENT = 100
MOST_SIZES = 128
GRADIENT_PER_QUALITY = 90

Luminance: TypeAlias = NDArray[np.float32]
"""A picture without colour: (height, width), 0 to 255."""


@dataclass(frozen=True)
class PictureHash:
    """The 32 bytes, and how much there is to recognise in the picture: 0 (flat) to 100."""

    value: bytes
    quality: int


def pdq(picture: Luminance) -> PictureHash:
    """The PDQ hash and quality of one picture of any size."""
    small = _shrunk(picture)
    waves = _cosines() @ small @ _cosines().T
    # The reference's median of an even number of values is the lower of the two in the middle.
    median = np.partition(waves.ravel(), BITS // 2 - 1)[BITS // 2 - 1]
    # Printed as a number, so the last coefficient is the first bit.
    bits = np.packbits((waves > median).ravel()[::-1])
    return PictureHash(bits.tobytes(), _quality(small))


def quality_of(picture: Luminance) -> int:
    """How much there is to recognise in what the hash sees of the picture, 0 to 100.

    PDQ's own quality is that of the shrunken picture, with grain, fine patterns, and shades from
    side to side; the hash sees none of these, and is then of whatever little else there is.
    """
    waves = _cosines()
    seen = waves.T @ (waves @ _shrunk(picture) @ waves.T) @ waves
    return _quality(seen)


def luminance_of(frame: Frame) -> Luminance:
    """A colour picture, (height, width, 3) RGB, as its luminance (ITU-R BT.601)."""
    return np.asarray(frame.astype(np.float32) @ LUMINANCE, dtype=np.float32)


def _shrunk(picture: Luminance) -> NDArray[np.float64]:
    """64 by 64: two passes of a moving mean in both directions, then every so manieth pixel."""
    rows, columns = picture.shape
    return np.asarray(_shrinking(rows) @ picture @ _shrinking(columns).T)


@lru_cache(maxsize=MOST_SIZES)
def _shrinking(length: int) -> NDArray[np.float32]:
    """What shrinks one direction from `length` to 64, as a matrix: (64, length)."""
    rows = np.eye(length)
    if length != SIDE:
        for _ in range(PASSES):
            rows = _moving_mean(rows, width=-(-length // WINDOWS_PER_SIDE))
    taken = ((np.arange(SIDE) + 0.5) * length / SIDE).astype(int)
    return np.asarray(rows[taken], dtype=np.float32)


def _moving_mean(rows: NDArray[np.float64], *, width: int) -> NDArray[np.float64]:
    """Each row's mean with its neighbours, `width` in all; fewer at the ends."""
    length = len(rows)
    places = np.arange(length)
    ends = np.minimum(places + width // 2 + 1, length)
    starts = np.maximum(places - (width - 1) // 2, 0)
    sums = np.vstack([np.zeros((1, rows.shape[1])), np.cumsum(rows, axis=0)])
    return np.asarray((sums[ends] - sums[starts]) / (ends - starts)[:, None])


@cache
def _cosines() -> NDArray[np.float64]:
    """The 16 lowest cosine waves over 64 places, the constant one left out: (16, 64)."""
    waves = np.arange(1, FREQUENCIES + 1)[:, None]
    places = 2 * np.arange(SIDE)[None, :] + 1
    return np.asarray(np.sqrt(2 / SIDE) * np.cos(np.pi / 2 / SIDE * waves * places))


def _quality(small: NDArray[np.float64]) -> int:
    """How steep the picture is, in whole percents of its range from pixel to pixel, at most 100."""
    steps = sum(
        np.abs(np.trunc(np.diff(small, axis=axis) * PERCENT / FULL_SCALE)).sum() for axis in (0, 1)
    )
    return min(PERCENT, int(steps / GRADIENT_PER_QUALITY))
