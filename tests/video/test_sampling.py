"""Pictures that stand for a video, and what is refused before it is decoded."""

from pathlib import Path

import av
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from video.encoding import encode
from video.frames import UnableToReadVideo
from video.sampling import SampleBounds, choose_indices, every_frame, sample_frames


def test_samples_hold_first_last_and_the_change_of_scene(tmp_path: Path) -> None:
    frames = np.full((40, 64, 64, 3), 40, dtype=np.uint8)
    frames[23:] = (250, 40, 40)
    frames[0], frames[-1] = (40, 250, 40), (40, 40, 250)
    encode(frames, frames_per_second=8, width=64, height=64, folder=tmp_path)
    samples = sample_frames(tmp_path / "video.mp4", count=8)
    colours = [tuple(int(v > 128) for v in sample.frame[32, 32]) for sample in samples]
    assert len(samples) == 8
    assert samples[0].frame.shape == (64, 64, 3)
    assert colours[0] == (0, 1, 0)
    assert colours[-1] == (0, 0, 1)
    assert (0, 0, 0) in colours
    assert (1, 0, 0) in colours
    from_bytes = sample_frames((tmp_path / "video.mp4").read_bytes(), count=8)
    assert [sample.index for sample in samples] == [sample.index for sample in from_bytes]
    assert samples[0].index == 0
    assert samples[-1].index == 39
    assert samples[-1].seconds == pytest.approx(39 / 8)


def test_a_flash_of_one_frame_is_seen(tmp_path: Path) -> None:
    frames = np.full((60, 64, 64, 3), 60, dtype=np.uint8)
    frames[37] = 255
    encode(frames, frames_per_second=8, width=64, height=64, folder=tmp_path)
    samples = sample_frames(tmp_path / "video.mp4", count=6)
    assert max(sample.frame.mean() for sample in samples) > 240


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


@given(
    flashes=st.sets(st.integers(1, 118), max_size=4),
    length=st.integers(1, 120),
    count=st.integers(2, 20),
)
@settings(max_examples=25, deadline=None)
def test_one_pass_finds_the_ends_and_the_greatest_changes(
    flashes: set[int], length: int, count: int, tmp_path_factory: pytest.TempPathFactory
) -> None:
    folder = tmp_path_factory.mktemp("flashes")
    frames = np.full((length, 32, 32, 3), 20, dtype=np.uint8)
    # In a row of flashes only the first is a change.
    flashes = {index for index in flashes if index < length - 1 and index - 1 not in flashes}
    frames[sorted(flashes)] = 250
    encode(frames, frames_per_second=24, width=32, height=32, folder=folder)
    samples = sample_frames(folder / "video.mp4", count=count)
    indices = [sample.index for sample in samples]
    assert indices == sorted(set(indices))
    assert len(indices) == min(count, length)
    assert (indices[0], indices[-1]) == (0, length - 1)
    if flashes and count >= 2 * 2 * len(flashes) + 2:
        assert flashes <= set(indices)
    gaps = np.diff(indices)
    assert gaps.max(initial=0) <= max(1, 4 * length / count)


def test_every_frame_comes_with_its_time(mp4: Path) -> None:
    samples = list(every_frame(mp4))
    assert [sample.index for sample in samples] == list(range(20))
    assert samples[5].seconds > samples[4].seconds > 0
    with pytest.raises(UnableToReadVideo, match="longer"):
        list(every_frame(mp4, bounds=SampleBounds(max_frames=19)))
