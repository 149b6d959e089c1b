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
from scipy.ndimage import minimum_filter, uniform_filter

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
TINY = 1e-6
FAINTEST, STRONGEST = 1.25, 4.0
PER_DEVIATION = 0.2
MOST_ROOT_MEAN_SQUARE = 2.7
"""39.5 dB below full scale: a frame is changed by no more, unless the mark would drown in it."""

GOOD_SHARE, LEAST_SHARE = 0.085, 0.05
"""How strong the mark is against the contrast of the picture itself, which it would drown in.

Photographs and what models draw leave it about 0.09 and more.  Below that it is made stronger, as
far as 39.5 dB allow; below the least, where it is not read at all, as far as 36 dB do.
"""

MOST_WHERE_IT_DROWNS = 4.04
"""36 dB below full scale."""

SURROUNDINGS = 5
"""In blocks: about as far as the finder looks around when it levels a picture."""


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
    about 1.3 in flat areas and at most 2.7 (39.5 dB).  Where hard contrast all over the picture
    would drown it, as in a full-contrast lattice or frozen noise, at most 4.04 (36 dB).
    """
    luma = np.asarray(Image.fromarray(frame).convert("L"), dtype=np.float32)
    height, width = luma.shape
    mean, variance = _blocks(luma)
    strength = _strength(variance, width=width, height=height)
    change = strength * _pattern(mark, width=width, height=height)
    held = min(1.0, MOST_ROOT_MEAN_SQUARE / max(_root_mean_square(change), TINY))
    change *= held
    share = held * float(strength.mean()) / _contrast(mean, variance)
    return _changed(frame, change) if share >= GOOD_SHARE else _raised(frame, change, share=share)


def _raised(frame: Frame, change: Floats, *, share: float) -> Frame:
    """`frame` with `change` made stronger, and again by what black and white cut off."""
    power = _root_mean_square(change)
    good = min(power * GOOD_SHARE / share, MOST_ROOT_MEAN_SQUARE)
    least = min(power * LEAST_SHARE / share, MOST_WHERE_IT_DROWNS)
    wanted = max(power, good, least)
    change = change * (wanted / max(power, TINY))
    left = _root_mean_square(_changed(frame, change).astype(np.float32) - frame)
    return _changed(frame, change * (wanted / max(left, wanted / 2)))


def _changed(frame: Frame, change: Floats) -> Frame:
    sum_ = frame.astype(np.int16) + np.rint(change).astype(np.int16)[..., None]
    return np.asarray(np.clip(sum_, 0, 255), np.uint8)


def _root_mean_square(values: Floats) -> float:
    return float(np.sqrt(np.mean(values**2)))


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


def _blocks(luma: Floats) -> tuple[Floats, Floats]:
    """Mean and variance of the blocks of 8 by 8 pixels, (rows, columns) each."""
    height, width = luma.shape
    rows, columns = -(-height // BLOCK), -(-width // BLOCK)
    padding = ((0, rows * BLOCK - height), (0, columns * BLOCK - width))
    blocks = np.pad(luma, padding, "edge").reshape(rows, BLOCK, columns, BLOCK)
    mean = blocks.mean(axis=(1, 3))
    variance = np.einsum("rbcd,rbcd->rc", blocks, blocks) / BLOCK**2 - mean**2
    return mean, np.maximum(variance, 0)


def _contrast(mean: Floats, variance: Floats) -> float:
    """The deviation of the picture in the surroundings of a pixel, on the average; at least 1."""
    means, powers = (
        uniform_filter(values, SURROUNDINGS, mode="nearest")
        for values in (mean, variance + mean**2)
    )
    return max(1.0, float(np.sqrt(np.maximum(powers - means**2, 0)).mean()))


def _strength(variance: Floats, *, width: int, height: int) -> Floats:
    """How strongly each pixel may change unseen, (H, W): more where the picture is busy.

    Busy is what is busy all around: along the edge of something flat the eye sees noise.
    """
    rows, columns = variance.shape
    deviation = minimum_filter(np.sqrt(variance), 3, mode="nearest")
    strength = np.minimum(FAINTEST + PER_DEVIATION * deviation, STRONGEST).astype(np.float32)
    size = (columns * BLOCK, rows * BLOCK)
    smooth = Image.fromarray(strength).resize(size, Image.Resampling.BILINEAR)
    return np.asarray(smooth)[:height, :width]
