"""Finding a watermark again, at any size from 0.4 to 1.5 of what it was made at.

Frames are high-passed, normalised by their local deviation and averaged: what moves averages out,
the mark does not.  The average is then folded onto the tile at every size in question, in the
frequency domain: of its Fourier transform only the tile's own frequencies are computed.  There the
sync shows as a peak of the correlation, for each key, and mirrored too.  The best peaks are
refined, each axis for itself, and read; a reading counts only when the peak, the agreement of the
chips and the check all say so.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from functools import lru_cache
from itertools import product

import numpy as np
from numpy.typing import NDArray
from PIL import Image
from scipy.ndimage import uniform_filter

from video.chips import SIDE, Floats, Word, code_of, read_chips
from video.frames import Frame
from video.watermark import HIGHEST, TILE, Spectrum, WatermarkKey, pulse, tile_spectrum

SMALLEST_SCALE, LARGEST_SCALE = 0.38, 1.5
USUAL_SCALES = (1.0, 0.5, 2 / 3, 0.75, 1 / 0.9, 1.5)
HALVED_FROM = 0.76
"""From this size on half the pixels hold all the frequencies of the tile."""

SMALLEST_SIDE = 64
DRIFT_PIXELS = 2.2
CANDIDATES = 6
SURE_PEAK = 8.0
LEAST_PEAK = 5.0
LEAST_AGREEMENT = 0.31

HIGH_PASS, NEIGHBOURHOOD = 11, 21
FLOOR_DEVIATION, MOST_DEVIATIONS = 1.5, 3.0
WHITENED_OVER, MOST_WHITE = 7, 2.0
RINGS, RING_WIDTH = 9, 3.0
LEAST_GAIN = 0.05
GRID = 64
TINY = 1e-12

ACROSS = np.arange(0, HIGHEST + 1)
DOWN = np.arange(-HIGHEST, HIGHEST + 1)


@dataclass(frozen=True)
class WatermarkReading:
    """A watermark that was found.

    `confidence` is how well what was read agrees with the id, 0 to 1: what carries nothing
    reaches 0.28, and 0.32 at most, an untouched video 0.6; below 0.31 nothing is reported.
    `scale` is the size of what was read against what was made.
    """

    number: int
    key_name: str
    confidence: float
    scale: float
    is_mirrored: bool

    @property
    def hexadecimal(self) -> str:
        """The id as twelve digits."""
        return f"{self.number:012x}"


@dataclass(frozen=True)
class _Kind:
    """What to look for: a key's tile, as it is or mirrored left to right."""

    key: WatermarkKey
    is_mirrored: bool


@dataclass(frozen=True)
class _Candidate:
    """A tile that may be there: `peak` in standard deviations, `row` and `column` on the grid."""

    kind: _Kind
    down: float
    across: float
    peak: float
    row: int
    column: int


def detect(
    frames: Iterable[Frame], keys: Sequence[WatermarkKey], *, is_untouched: bool = False
) -> WatermarkReading | None:
    """The watermark of one of `keys` in `frames`, or None.

    Frames are (H, W, 3) uint8 RGB, all of one size; each is looked at once and not kept.  About a
    second for 16 frames of 360 by 640 where there is nothing, less where there is something.
    `is_untouched` looks only for what was neither scaled nor mirrored.
    """
    residual = average_residual(frames)
    return detect_untouched(residual, keys) if is_untouched else detect_in(residual, keys)


def average_residual(frames: Iterable[Frame]) -> Floats:
    """What is left of `frames` when their content is taken out, averaged, (H, W); may be empty."""
    total, count = np.zeros((0, 0), np.float32), 0
    for frame in frames:
        one = _residual(frame)
        total = total + one if count else one
        count += 1
    return (total / max(count, 1)).astype(np.float32)


def detect_untouched(residual: Floats, keys: Sequence[WatermarkKey]) -> WatermarkReading | None:
    """As `detect_in`, for what has the size it was marked at, and the same left and right."""
    if min(residual.shape) < SMALLEST_SIDE or not keys:
        return None
    search = _Search(residual)
    best = max(search.at(1, 1, [_Kind(key, is_mirrored=False) for key in keys]), key=_peak)
    return search.read(best)


def detect_in(residual: Floats, keys: Sequence[WatermarkKey]) -> WatermarkReading | None:
    """The watermark of one of `keys` in what `average_residual` gave, or None."""
    if min(residual.shape) < SMALLEST_SIDE or not keys:
        return None
    search = _Search(residual)
    kinds = [_Kind(key, mirrored) for key in keys for mirrored in (False, True)]
    for scale in USUAL_SCALES:
        best = max(search.at(scale, scale, kinds), key=_peak)
        if best.peak >= SURE_PEAK and (found := search.read(best)) is not None:
            return found
    everywhere = [one for scale in search.scales() for one in search.at(scale, scale, kinds)]
    for candidate in _distinct(everywhere, step=search.step):
        if (found := search.read(candidate)) is not None:
            return found
    return None


def _residual(frame: Frame) -> Floats:
    luma = np.asarray(Image.fromarray(frame).convert("L"), dtype=np.float32)
    fine = luma - uniform_filter(luma, HIGH_PASS, mode="nearest")
    power = np.maximum(uniform_filter(fine * fine, NEIGHBOURHOOD, mode="nearest"), 0)
    even = fine / (np.sqrt(power) + np.float32(FLOOR_DEVIATION))
    clipped: Floats = np.clip(even, -MOST_DEVIATIONS, MOST_DEVIATIONS)
    return clipped


class _Search:
    """One residual, folded onto the tile at one size after the other."""

    def __init__(self, residual: Floats) -> None:
        self._whole, self._halved = residual, _halved(residual)
        self.step = DRIFT_PIXELS / max(residual.shape)

    def scales(self) -> list[float]:
        """Sizes so close that over the whole picture no chip drifts from its place by more."""
        count = int(np.log(LARGEST_SCALE / SMALLEST_SCALE) / self.step) + 2
        return [float(one) for one in np.geomspace(SMALLEST_SCALE, LARGEST_SCALE, count)]

    def at(self, down: float, across: float, kinds: Sequence[_Kind]) -> list[_Candidate]:
        """The best place of each kind at one size."""
        folded = self._folded(down, across)
        seen = np.stack([_facing(folded, kind) * np.conj(_sync(kind.key)) for kind in kinds])
        surfaces = _correlation(seen).reshape(len(kinds), -1)
        places = surfaces.argmax(axis=1)
        heights = surfaces[np.arange(len(kinds)), places] - surfaces.mean(axis=1)
        peaks = heights / np.maximum(surfaces.std(axis=1), TINY)
        return [
            _Candidate(kind, down, across, float(peak), *divmod(int(place), GRID))
            for kind, peak, place in zip(kinds, peaks, places, strict=True)
        ]

    def read(self, candidate: _Candidate) -> WatermarkReading | None:
        """What the tile says, when it is one."""
        sharp = self._refined(candidate)
        word = self._word(sharp)
        if sharp.peak < LEAST_PEAK or word.agreement < LEAST_AGREEMENT or not word.is_whole:
            return None
        return WatermarkReading(
            number=word.number,
            key_name=sharp.kind.key.name,
            confidence=round(word.agreement, 3),
            scale=round(float(np.sqrt(sharp.down * sharp.across)), 3),
            is_mirrored=sharp.kind.is_mirrored,
        )

    def _refined(self, candidate: _Candidate) -> _Candidate:
        best = candidate
        for step in (self.step / 2, self.step / 4):
            middle = best
            for down, across in product((1 - step, 1, 1 + step), repeat=2):
                [one] = self.at(middle.down * down, middle.across * across, [middle.kind])
                best = max(best, one, key=_peak)
        return best

    def _word(self, candidate: _Candidate) -> Word:
        kind = candidate.kind
        folded = _facing(self._folded(candidate.down, candidate.across), kind)
        row, column = (place * TILE // GRID for place in (candidate.row, candidate.column))
        chips = [
            _chips(folded, kind.key, row=row + down, column=column + across)
            for down, across in product((-1, 0, 1), repeat=2)
        ]
        words = [read_chips(code_of(kind.key.secret), one) for one in chips]
        return max(words, key=lambda word: word.agreement)

    def _folded(self, down: float, across: float) -> Spectrum:
        if min(down, across) >= HALVED_FROM:
            return _white(_fold(self._halved, down / 2, across / 2))
        return _white(_fold(self._whole, down, across))


def _distinct(candidates: Iterable[_Candidate], *, step: float) -> list[_Candidate]:
    """The best candidates, of those next to one another the best."""
    chosen: list[_Candidate] = []
    for one in sorted(candidates, key=_peak, reverse=True):
        if not any(_is_beside(one, other, step) for other in chosen):
            chosen.append(one)
        if len(chosen) == CANDIDATES:
            break
    return chosen


def _peak(candidate: _Candidate) -> float:
    return candidate.peak


def _is_beside(one: _Candidate, other: _Candidate, step: float) -> bool:
    return one.kind == other.kind and abs(np.log(one.down / other.down)) < 1.5 * step


def _halved(residual: Floats) -> Floats:
    height, width = (side // 2 for side in residual.shape)
    pairs = residual[: 2 * height, : 2 * width].reshape(height, 2, width, 2)
    return np.asarray(pairs.mean(axis=(1, 3)), np.float32)


def _fold(residual: Floats, down: float, across: float) -> Spectrum:
    """The tile's frequencies in `residual`, (41, 21): from -20 to 20 down, from 0 to 20 across."""
    height, width = residual.shape
    waves = _waves(width, across, ACROSS)
    halves = residual @ np.concatenate([waves.real, waves.imag], axis=1)
    rows = halves[:, : len(ACROSS)] + 1j * halves[:, len(ACROSS) :]
    folded: Spectrum = _waves(height, down, DOWN).T @ rows.astype(np.complex64)
    return folded


def _waves(length: int, scale: float, frequencies: NDArray[np.intp]) -> Spectrum:
    places = np.arange(length) + 0.5 - length / 2
    turns = places[:, None] * (frequencies / (TILE * scale))[None]
    waves: Spectrum = np.exp(-2j * np.pi * turns).astype(np.complex64)
    return waves


def _white(folded: Spectrum) -> Spectrum:
    """`folded` with as much noise in every frequency, and none that stands out by itself.

    What stands out is periodic content, or the encoder's blocks.
    """
    size = np.abs(folded)
    both_sides = np.concatenate([size[::-1, :0:-1], size], axis=1)
    usual = uniform_filter(both_sides, WHITENED_OVER, mode="nearest")[:, HIGHEST:]
    even = folded / np.maximum(usual, TINY)
    over = np.maximum(np.abs(even) / MOST_WHITE, 1)
    return np.asarray(even / over, np.complex64)


def _facing(folded: Spectrum, kind: _Kind) -> Spectrum:
    # Left and right exchanged: of a real picture's spectrum, the conjugate at the opposite row.
    return np.conj(folded[::-1]) if kind.is_mirrored else folded


def _correlation(spectra: NDArray[np.complex64]) -> Floats:
    """The real (n, 64, 64) pictures of n half spectra (41, 21)."""
    padded = np.zeros((len(spectra), GRID, GRID // 2 + 1), np.complex64)
    padded[:, DOWN % GRID, : HIGHEST + 1] = spectra
    surfaces: Floats = np.fft.irfft2(padded, s=(GRID, GRID), axes=(1, 2)).astype(np.float32)
    return surfaces


@lru_cache(maxsize=64)
def _sync(key: WatermarkKey) -> Spectrum:
    whole = tile_spectrum(code_of(key.secret).sync)
    return whole[np.ix_(DOWN % TILE, ACROSS)]


def _chips(folded: Spectrum, key: WatermarkKey, *, row: int, column: int) -> Floats:
    """The (1024,) chips of a tile that starts at `row` and `column`, in pixels of the tile."""
    turns = (DOWN[:, None] * row + ACROSS[None] * column) / TILE
    placed = (folded * np.exp(2j * np.pi * turns)).astype(np.complex64)
    heard = placed * _gains(placed, _sync(key))
    whole = np.zeros((TILE, TILE), np.complex64)
    whole[np.ix_(DOWN % TILE, ACROSS)] = heard
    whole[np.ix_(-DOWN % TILE, -ACROSS % TILE)] = np.conj(heard)
    whole *= pulse()[:, None] * pulse()[None]
    aliases = TILE // SIDE
    small = whole.reshape(aliases, SIDE, aliases, SIDE).sum(axis=(0, 2))
    chips: Floats = np.fft.ifft2(small).real.ravel().astype(np.float32)
    return chips


def _gains(placed: Spectrum, sync: Spectrum) -> Floats:
    """How far each ring of frequencies can be trusted: what came through of the sync, (41, 21)."""
    radius = np.hypot(DOWN[:, None], ACROSS[None])
    rings = np.minimum((radius / RING_WIDTH).astype(int), RINGS - 1)
    heard = np.bincount(rings.ravel(), (placed * np.conj(sync)).real.ravel(), RINGS)
    sent = np.bincount(rings.ravel(), (np.abs(sync) ** 2).ravel(), RINGS)
    gains = np.maximum(heard / np.maximum(sent, TINY), 0)
    best = max(float(gains.max()), TINY)
    return np.asarray(np.maximum(gains / best, LEAST_GAIN)[rings], np.float32)
