"""Pictures brought to a size, and pictures that stand for a video."""

from pathlib import Path

import av
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from video.encoding import encode
from video.frames import (
    Frames,
    SampleBounds,
    UnableToReadVideo,
    UnableToUseFrames,
    choose_indices,
    fit_frames,
    sample_frames,
)

RED, SKY = (230, 40, 60), (90, 160, 230)


def test_the_same_aspect_is_scaled_over_the_whole_picture(square: Frames) -> None:
    fitted = fit_frames(square, width=192, height=192)
    assert fitted.shape == (20, 192, 192, 3)
    assert fitted.dtype == np.uint8
    assert np.abs(fitted[0, 5, 100].astype(int) - SKY).max() <= 2
    assert np.abs(fitted[0, 80, 20].astype(int) - RED).max() <= 2


def test_another_aspect_is_centred_over_a_dimmed_fill_of_itself(square: Frames) -> None:
    fitted = fit_frames(square, width=180, height=320)
    inner = fitted[:, 70:250]
    assert np.abs(inner[0, 5, 100].astype(int) - SKY).max() <= 3, "nothing is cropped"
    top, bottom = fitted[0, 3, 90].astype(int), fitted[0, -3, 90].astype(int)
    assert top.sum() < 0.7 * sum(SKY)
    assert top[2] > top[0], "above, the fill is the sky"
    assert bottom[0] > bottom[2], "below, it is the sand"
    assert np.ptp(fitted[:, :60].astype(int), axis=(1, 2)).max() < 60, "no edges in the fill"


def test_a_frame_that_fits_is_left_as_it_is(square: Frames) -> None:
    assert np.array_equal(fit_frames(square, width=96, height=96), square)


@given(
    size=st.tuples(st.integers(1, 70), st.integers(1, 70)),
    target=st.tuples(st.integers(2, 90), st.integers(2, 90)),
)
@settings(max_examples=60, deadline=None)
def test_every_size_fits_every_size(size: tuple[int, int], target: tuple[int, int]) -> None:
    frames = np.full((2, *size, 3), 200, dtype=np.uint8)
    fitted = fit_frames(frames, width=target[0], height=target[1])
    assert fitted.shape == (2, target[1], target[0], 3)
    assert fitted.max() <= 201


@pytest.mark.parametrize(
    "frames",
    [
        np.zeros((4, 8, 8, 3)),
        np.zeros((8, 8, 3), np.uint8),
        np.zeros((4, 8, 8, 4), np.uint8),
        np.zeros((0, 8, 8, 3), np.uint8),
    ],
)
def test_refuses_what_is_no_video(frames: Frames) -> None:
    with pytest.raises(UnableToUseFrames):
        fit_frames(frames, width=64, height=64)


def test_samples_hold_first_last_and_the_change_of_scene(tmp_path: Path) -> None:
    frames = np.full((40, 64, 64, 3), 40, dtype=np.uint8)
    frames[23:] = (250, 40, 40)
    frames[0], frames[-1] = (40, 250, 40), (40, 40, 250)
    encode(frames, frames_per_second=8, width=64, height=64, folder=tmp_path)
    samples = sample_frames(tmp_path / "video.mp4", count=8)
    colours = [tuple(int(v > 128) for v in sample[32, 32]) for sample in samples]
    assert len(samples) == 8
    assert samples[0].shape == (64, 64, 3)
    assert colours[0] == (0, 1, 0)
    assert colours[-1] == (0, 0, 1)
    assert (0, 0, 0) in colours
    assert (1, 0, 0) in colours
    from_bytes = sample_frames((tmp_path / "video.mp4").read_bytes(), count=8)
    assert np.array_equal(np.stack(samples), np.stack(from_bytes))


def test_a_flash_of_one_frame_is_seen(tmp_path: Path) -> None:
    frames = np.full((60, 64, 64, 3), 60, dtype=np.uint8)
    frames[37] = 255
    encode(frames, frames_per_second=8, width=64, height=64, folder=tmp_path)
    samples = sample_frames(tmp_path / "video.mp4", count=6)
    assert max(sample.mean() for sample in samples) > 240


@given(changes=st.lists(st.floats(0, 1), min_size=1, max_size=120), count=st.integers(1, 30))
@settings(deadline=None)
def test_choices_are_distinct_ordered_and_span_the_video(changes: list[float], count: int) -> None:
    chosen = choose_indices(np.array(changes), count=count)
    assert chosen == sorted(set(chosen))
    assert len(chosen) == min(count, len(changes))
    assert chosen[0] == 0
    assert count == 1 or chosen[-1] == len(changes) - 1


def test_without_scenes_the_samples_are_even() -> None:
    chosen = choose_indices(np.zeros(101), count=5)
    assert chosen == [0, 25, 50, 75, 100]


def test_refuses_what_is_no_video_file(tmp_path: Path, mp4: Path) -> None:
    (tmp_path / "list.m3u8").write_text("#EXTM3U\n#EXTINF:1,\n/etc/passwd\n#EXT-X-ENDLIST\n")
    (tmp_path / "cut.mp4").write_bytes(mp4.read_bytes()[:3000])
    for source in (b"", b"not a video" * 99, tmp_path / "list.m3u8", tmp_path / "cut.mp4",
                   tmp_path / "absent.mp4", tmp_path):  # fmt: skip
        with pytest.raises(UnableToReadVideo):
            sample_frames(source, count=4)


@given(
    changes=st.lists(st.tuples(st.floats(0, 1), st.integers(0, 255)), min_size=1, max_size=9),
    kept=st.floats(0, 1),
)
@settings(max_examples=80, deadline=None)
def test_damaged_files_are_read_or_refused(
    changes: list[tuple[float, int]], kept: float, mp4: Path
) -> None:
    content = bytearray(mp4.read_bytes())
    header = content.index(b"mdat")
    for place, value in changes:
        content[round(place * header)] = value
    for damaged in (bytes(content), bytes(content[: round(kept * len(content))])):
        try:
            samples = sample_frames(damaged, count=3)
        except UnableToReadVideo:
            continue
        assert 1 <= len(samples) <= 3


def test_refuses_more_than_its_bounds(mp4: Path) -> None:
    with pytest.raises(UnableToReadVideo, match="longer"):
        sample_frames(mp4, count=4, bounds=SampleBounds(max_frames=19))
    with pytest.raises(UnableToReadVideo, match="pixels"):
        sample_frames(mp4, count=4, bounds=SampleBounds(max_pixels=1000))
    assert len(sample_frames(mp4, count=4, bounds=SampleBounds(max_frames=20))) == 4


def test_a_file_without_pictures_is_refused(tmp_path: Path) -> None:
    with av.open(str(tmp_path / "sound.mp4"), "w") as container:
        stream = container.add_stream("aac", rate=48000)
        sound = av.AudioFrame.from_ndarray(np.zeros((1, 1024), np.float32), "fltp", "mono")
        sound.sample_rate = 48000
        container.mux(stream.encode(sound))
        container.mux(stream.encode(None))
    with pytest.raises(UnableToReadVideo, match="no video that"):
        sample_frames(tmp_path / "sound.mp4", count=4)
