"""The mark in the picture itself: an id of 48 bits that survives what metadata does not.

A tile of 128 by 128 pixels, made of smooth chips of four pixels (`video.chips`), is repeated over
the whole picture and added to its luma, the stronger the busier the picture is there.  How it is
found again is in `video.detection`.
"""

import hashlib
from dataclasses import dataclass, field
from functools import lru_cache
from typing import TypeAlias

import numpy as np
from numpy.typing import NDArray
from PIL import Image
from scipy.ndimage import minimum_filter

from common.errors import Invalid
from video.chips import ID_BITS, SIDE, Floats, chips_for, code_of
from video.frames import Frame

Spectrum: TypeAlias = NDArray[np.complex64]

SECRET_BYTES = 16
TILE = 128
CHIP_PIXELS = TILE // SIDE
ROLL_OFF = 0.25
HIGHEST = round(SIDE / 2 * (1 + ROLL_OFF))
"""The highest frequency in the tile, in waves across it."""

BLOCK = 8
FAINTEST, STRONGEST = 1.25, 4.0
PER_DEVIATION = 0.2
MOST_ROOT_MEAN_SQUARE = 2.7
"""39.5 dB below full scale: a frame is never changed by more."""


class UnableToWatermark(Invalid):
    """The id does not fit into 48 bits, or the secret is too short to be one."""


@dataclass(frozen=True)
class WatermarkKey:
    """One secret of this deployment, and the name it is told apart by."""

    name: str
    secret: bytes = field(repr=False)

    def __post_init__(self) -> None:
        """Refuse a secret that could be guessed."""
        if len(self.secret) < SECRET_BYTES:
            raise UnableToWatermark(f"A watermark's secret has {SECRET_BYTES} bytes or more.")


@dataclass(frozen=True)
class Mark:
    """The id to put into a video, and the key to put it there with."""

    number: int
    key: WatermarkKey

    def __post_init__(self) -> None:
        """Refuse what can not be written."""
        if not 0 <= self.number < 1 << ID_BITS:
            raise UnableToWatermark(f"A watermark's id has {ID_BITS} bits.")

    @property
    def hexadecimal(self) -> str:
        """The id as twelve digits: how it is written in manifests and answers."""
        return f"{self.number:012x}"


def embed(frame: Frame, mark: Mark) -> Frame:
    """A copy of `frame` that carries `mark`; (H, W, 3) uint8 RGB in and out.

    The change is the same in red, green and blue, so it is one of luma; its root mean square is
    at most 2.7 (39.5 dB), about 1.3 in flat areas.
    """
    luma = np.asarray(Image.fromarray(frame).convert("L"), dtype=np.float32)
    height, width = luma.shape
    change = _strength(luma) * _pattern(mark, width=width, height=height)
    power = float(np.sqrt(np.mean(change**2)))
    change *= min(1.0, MOST_ROOT_MEAN_SQUARE / max(power, 1e-6))
    sum_ = frame.astype(np.int16) + np.rint(change).astype(np.int16)[..., None]
    return np.asarray(np.clip(sum_, 0, 255), np.uint8)


@lru_cache(maxsize=4)
def _pattern(mark: Mark, *, width: int, height: int) -> Floats:
    """The tile of `mark` all over a picture of this size, from a place the id decides.

    The place differs from video to video, so that averaging many of them does not lay their
    tiles over one another.
    """
    spectrum = tile_spectrum(chips_for(code_of(mark.key.secret), mark.number))
    tile = np.asarray(np.fft.ifft2(spectrum).real, np.float32)
    tile /= tile.std()
    seed = b"place\0" + mark.key.secret + mark.number.to_bytes(8, "big")
    down, across, *_ = hashlib.sha256(seed).digest()
    tile = np.roll(tile, (down % TILE, across % TILE), axis=(0, 1))
    return np.tile(tile, (-(-height // TILE), -(-width // TILE)))[:height, :width]


def tile_spectrum(chips: Floats) -> Spectrum:
    """The (128, 128) Fourier transform of the tile of (1024,) `chips`.

    Each chip becomes a root-raised-cosine pulse: smooth, and orthogonal to its neighbours' when
    it is filtered with the same pulse again.
    """
    small = np.fft.fft2(chips.reshape(SIDE, SIDE))
    wrapped = np.fft.fftfreq(TILE, 1 / TILE).astype(int) % SIDE
    whole = small[np.ix_(wrapped, wrapped)] * pulse()[:, None] * pulse()[None]
    return np.asarray(whole, np.complex64)


@lru_cache(maxsize=1)
def pulse() -> Floats:
    """The spectrum of a chip along one axis, (128,) in the order of `numpy.fft.fftfreq`."""
    waves = np.abs(np.fft.fftfreq(TILE, 1 / TILE))
    low, high = SIDE / 2 * (1 - ROLL_OFF), SIDE / 2 * (1 + ROLL_OFF)
    falling = np.cos(np.pi / 2 * np.clip((waves - low) / (high - low), 0, 1))
    return np.asarray(falling, np.float32)


def _strength(luma: Floats) -> Floats:
    """How strongly each pixel may change unseen, (H, W): more where the picture is busy.

    Busy is what is busy all around: along the edge of something flat the eye sees noise.
    """
    height, width = luma.shape
    rows, columns = -(-height // BLOCK), -(-width // BLOCK)
    padding = ((0, rows * BLOCK - height), (0, columns * BLOCK - width))
    blocks = np.pad(luma, padding, "edge").reshape(rows, BLOCK, columns, BLOCK)
    mean = blocks.mean(axis=(1, 3))
    variance = np.einsum("rbcd,rbcd->rc", blocks, blocks) / BLOCK**2 - mean**2
    deviation = minimum_filter(np.sqrt(np.maximum(variance, 0)), 3, mode="nearest")
    strength = np.minimum(FAINTEST + PER_DEVIATION * deviation, STRONGEST).astype(np.float32)
    size = (columns * BLOCK, rows * BLOCK)
    smooth = Image.fromarray(strength).resize(size, Image.Resampling.BILINEAR)
    return np.asarray(smooth)[:height, :width]
