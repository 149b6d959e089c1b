"""PDQ as others compute it, and what a ban of a video is made of."""

from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from moderation.classifiers.hashing import (
    LEAST_QUALITY,
    LEAST_QUALITY_OF_COPY,
    distance,
    hash_frames,
    index_frames,
    picture_of,
    variants_of,
)
from moderation.classifiers.pdq import MATCHING_BITS, luminance_of, pdq
from video.encoding import Encoded, encode
from video.frames import Frame
from video.labels import draw_label

# What pdqhash 0.2.8, which wraps Meta's reference, says of `painted(seed, rows, columns)`.
REFERENCE = [
    (1, 64, 64, "db61a52aca6d871902944e949b69da6d9cbc25926896b12bf16b6ce735e25ac5", 100),
    (2, 65, 70, "176daf60731c8d4b0391c44e7cc7e11f60476ce7871813b1ec6ec3981c69fa1f", 100),
    (3, 128, 96, "27e3ca4ca9ea17b064c646c456b707b0cf29e84f8968b91b9f39e84f52b53193", 100),
    (4, 256, 256, "648772c51f91e03fce4c70c770c7d21d79b22da28f388f3871b31fc0e04ead3a", 100),
    (5, 360, 640, "c08cde6cce9c07e00be146e44eb464c6e2a79b39b94bb91be41ef81f39c33193", 100),
    (6, 1280, 720, "ac3c9b3952e5b83fec4e0fb0ad4aad4af41452b552b5f04f13b147c0ad5a64c6", 100),
    (7, 333, 517, "5c3405e09b693d93b94b52b56c9607b04eb6f80f9369ad6a46b4ca6c6496fa1d", 100),
    (8, 720, 405, "6540f81fec6e8f68bb698f68ec1e8f382bc770c713e170b744b4709713b10fc0", 100),
]


def painted(seed: int, rows: int, columns: int) -> Frame:
    """Soft blobs and some grain, the same on every machine: integers only."""
    rng = np.random.default_rng(seed)
    coarse = rng.integers(0, 220, (8, 6, 3), dtype=np.uint8)
    down, across = np.arange(rows) * 8 // rows, np.arange(columns) * 6 // columns
    grain = rng.integers(0, 36, (rows, columns, 3), dtype=np.uint8)
    return np.asarray(coarse[np.ix_(down, across)] + grain)


def mp4_of(frames: list[Frame], folder: Path) -> Path:
    height, width = frames[0].shape[:2]
    encode(frames, frames_per_second=8, width=width, height=height, folder=folder)
    return folder / "video.mp4"


@pytest.mark.parametrize(("seed", "rows", "columns", "value", "quality"), REFERENCE)
def test_the_hash_is_the_reference_s(
    seed: int, rows: int, columns: int, value: str, quality: int
) -> None:
    found = pdq(luminance_of(painted(seed, rows, columns)))
    # A value that lies on the median may fall on either side of it by rounding.
    assert distance(found.value, bytes.fromhex(value)) <= 2
    assert abs(found.quality - quality) <= 1


def test_a_smaller_and_a_brighter_copy_match_and_another_picture_does_not() -> None:
    picture = painted(1, 360, 640)
    original = pdq(picture_of(picture)).value
    half = np.asarray(Image.fromarray(picture).resize((320, 180)))
    bright = np.clip(picture.astype(int) + 20, 0, 255).astype(np.uint8)
    for copy in (half, bright):
        assert distance(pdq(picture_of(copy)).value, original) <= MATCHING_BITS
    assert distance(pdq(picture_of(painted(2, 360, 640))).value, original) > 3 * MATCHING_BITS


def test_a_flat_picture_has_no_quality_and_is_not_indexed(tmp_path: Path) -> None:
    flat = np.full((64, 64, 3), 90, dtype=np.uint8)
    assert pdq(picture_of(flat)).quality < LEAST_QUALITY
    video = mp4_of([flat, flat], tmp_path)
    assert index_frames(video) == []
    assert [one.quality for one in hash_frames(video)] == [0, 0]


def test_a_blank_picture_with_our_label_is_nothing_to_recognise(tmp_path: Path) -> None:
    blank = draw_label(np.full((8, 320, 180, 3), 250, dtype=np.uint8))
    assert pdq(picture_of(blank[0])).quality >= LEAST_QUALITY
    assert index_frames(mp4_of(list(blank), tmp_path)) == []


def test_grain_and_shades_are_nothing_to_recognise_though_they_are_no_blank(tmp_path: Path) -> None:
    rng = np.random.default_rng(1)
    grain = np.repeat(rng.integers(80, 120, (8, 320, 180, 1), dtype=np.uint8), 3, axis=3)
    shade = np.broadcast_to(
        np.linspace(0, 250, 180, dtype=np.uint8)[None, None, :, None], (8, 320, 180, 3)
    )
    for name, frames in {"grain": grain, "shade": shade}.items():
        folder = tmp_path / name
        folder.mkdir()
        video = mp4_of(list(draw_label(np.ascontiguousarray(frames))), folder)
        assert index_frames(video) == []
        assert max(one.quality for one in hash_frames(video)) < LEAST_QUALITY_OF_COPY
    # By PDQ's own measure there would be much in the grain, and its hash is the label's.
    assert pdq(picture_of(grain[0])).quality > 5 * LEAST_QUALITY


def test_a_crop_of_a_frame_near_the_limit_is_known_though_it_shows_less(tmp_path: Path) -> None:
    rows, columns = np.mgrid[:320, :180]
    dim = np.full((320, 180, 3), 40, dtype=np.uint8)
    for down, across, size in ((90, 50, 22), (200, 130, 26), (285, 60, 20), (165, 22, 20)):
        dim[(rows - down) ** 2 + (columns - across) ** 2 < size**2] = 54
    video = mp4_of([dim] * 4, tmp_path)
    index = index_frames(video)
    assert LEAST_QUALITY <= index[0].quality <= 2 * LEAST_QUALITY
    assert min(one.quality for one in index) < index[0].quality
    assert {"", "mirror", "crop-200", "mirror-crop-200"} <= {one.variant for one in index}


def test_a_ban_knows_every_different_frame_mirrored_and_cropped(tmp_path: Path) -> None:
    scenes = [painted(seed, 128, 96) for seed in (1, 2)]
    video = mp4_of([scenes[0]] * 8 + [scenes[1]] * 8, tmp_path)
    index = index_frames(video)
    assert {one.seconds for one in index} == {0.0, 1.0}
    names = [name for name, _ in variants_of(picture_of(scenes[0]))]
    assert len(names) == 22
    assert {one.variant for one in index} <= set(names)
    assert {"", "mirror", "crop-25", "mirror-crop-200"} <= {one.variant for one in index}
    assert min(one.quality for one in index) >= LEAST_QUALITY_OF_COPY
    assert len({one.value for one in index}) == len(index)


def test_frames_come_with_their_times(files: Encoded) -> None:
    mp4 = next(file.path for file in files.files if file.kind == "mp4")
    seconds = [one.seconds for one in hash_frames(mp4)]
    assert seconds == [index / 8 for index in range(16)]
