"""A video as the hashes of its frames: a few of them to recognise it, or all that a ban needs."""

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from PIL import Image

from moderation.classifiers.pdq import BITS, Luminance, pdq, quality_of
from video.frames import Frame
from video.sampling import every_frame, sample_frames

HASHED_FRAMES = 16
PICTURE_SIDE = 256
# How much a frame must show to be banned by, and how much less still looks like it when it comes
# again: cropping and compression take some (docs/hash-bank.md).  Meta advises 50 of PDQ's own
# quality, which is higher, where one picture decides.
LEAST_QUALITY = 3
LEAST_QUALITY_OF_COPY = 1
LEAST_QUALITY_OF_ONE = 25
# Our own label lies in the top eighth; what is blank but for it must not be taken for alike.
LABELLED_ROWS = PICTURE_SIDE // 8
CROP_STEP_PER_MILLE = 25
LARGEST_CROP_PER_MILLE = 250
# A frame is indexed when this many bits set it off from the one before it.
NEWS_BITS = 10
MOST_INDEXED_FRAMES = 240


@dataclass(frozen=True)
class FrameHash:
    """One frame's PDQ hash in hex, its time in the video, and its quality (0 to 100).

    The quality is `quality_of` the picture below where the visible label is.
    `variant` says how the picture was changed first: `mirror`, `crop-50` (five percent of the
    sides gone, half of it at each end), both, or empty.
    """

    value: str
    quality: int
    seconds: float
    variant: str = ""


def hash_frames(video: Path, *, count: int = HASHED_FRAMES) -> list[FrameHash]:
    """Up to `count` frames' hashes, in order of time.  Raises UnableToReadVideo."""
    return [
        hashed(picture_of(sample.frame), sample.seconds)
        for sample in sample_frames(video, count=count)
    ]


def index_frames(video: Path) -> list[FrameHash]:
    """What a ban of the video puts in the bank.  Raises UnableToReadVideo.

    Every frame that differs from the one indexed before it, each as it is and mirrored, whole and
    cropped in steps of 2.5 % up to 25 %; the flat ones are left out, and of the others the crops
    with next to nothing in them.  A video with more different frames than MOST_INDEXED_FRAMES is
    indexed as many times coarser as it takes.
    """
    hashes: dict[str, FrameHash] = {}
    for picture, seconds in _different_pictures(video):
        for name, variant in variants_of(picture):
            found = hashed(variant, seconds, variant=name)
            if found.quality >= LEAST_QUALITY_OF_COPY:
                hashes.setdefault(found.value, found)
    return list(hashes.values())


def picture_of(frame: Frame) -> Luminance:
    """A frame's luminance, 256 by 256, whatever its shape: PDQ does not keep the aspect either."""
    side = (PICTURE_SIDE, PICTURE_SIDE)
    grey = Image.fromarray(frame).convert("L").resize(side, Image.Resampling.BOX)
    return np.asarray(grey, dtype=np.float32)


def variants_of(picture: Luminance) -> Iterator[tuple[str, Luminance]]:
    """The picture and its mirror, whole and in every crop, each with its name."""
    for side, prefix in ((picture, ""), (picture[:, ::-1], "mirror")):
        for crop in range(0, LARGEST_CROP_PER_MILLE + 1, CROP_STEP_PER_MILLE):
            name = "-".join(filter(None, [prefix, f"crop-{crop}" if crop else ""]))
            yield name, _centre_of(side, crop_per_mille=crop)


def hashed(picture: Luminance, seconds: float, *, variant: str = "") -> FrameHash:
    """One picture's hash and quality."""
    return FrameHash(pdq(picture).value.hex(), _quality(picture), round(seconds, 3), variant)


def distance(one: bytes, other: bytes) -> int:
    """In how many bits two hashes differ."""
    bits = np.frombuffer(one, dtype=np.uint8) ^ np.frombuffer(other, dtype=np.uint8)
    return int(np.bitwise_count(bits).sum())


def _different_pictures(video: Path) -> Iterator[tuple[Luminance, float]]:
    news, kept = NEWS_BITS, _pictures_with_news(video, bits=NEWS_BITS)
    while len(kept) > MOST_INDEXED_FRAMES and news < BITS:
        news *= 2
        kept = _thinned(kept, bits=news)
    for picture, seconds, _ in kept[:MOST_INDEXED_FRAMES]:
        yield picture, seconds


_Kept = tuple[Luminance, float, bytes]


def _pictures_with_news(video: Path, *, bits: int) -> list[_Kept]:
    kept: list[_Kept] = []
    for sample in every_frame(video):
        picture = picture_of(sample.frame)
        value = pdq(picture).value
        is_news = not kept or distance(value, kept[-1][2]) > bits
        if is_news and _quality(picture) >= LEAST_QUALITY:
            kept.append((picture, sample.seconds, value))
        if len(kept) >= 4 * MOST_INDEXED_FRAMES:
            kept = kept[::2]
    return kept


def _thinned(kept: list[_Kept], *, bits: int) -> list[_Kept]:
    thinned = kept[:1]
    for one in kept[1:]:
        if distance(one[2], thinned[-1][2]) > bits:
            thinned.append(one)
    return thinned


def _centre_of(picture: Luminance, *, crop_per_mille: int) -> Luminance:
    rows, columns = picture.shape
    down, across = (round(side * crop_per_mille / 2000) for side in (rows, columns))
    return picture[down : rows - down, across : columns - across]


def _quality(picture: Luminance) -> int:
    return quality_of(picture[LABELLED_ROWS:])
