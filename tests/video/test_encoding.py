"""What comes out plays everywhere: checked with the decoder and box by box."""

import io
import re
from collections.abc import Iterator
from itertools import pairwise
from pathlib import Path

import av
import numpy as np
import pytest
from numpy.typing import NDArray
from PIL import Image

from video.encoding import Encoded, UnableToEncode, encode
from video.frames import Frame, Frames

BT709 = 1
LIMITED = 1


def boxes(content: bytes) -> dict[str, int]:
    """Top-level boxes of an MP4 by type, with their offsets, in order (ISO/IEC 14496-12)."""
    found, offset = {}, 0
    while offset < len(content):
        size = int.from_bytes(content[offset : offset + 4], "big")
        found[content[offset + 4 : offset + 8].decode("latin-1")] = offset
        offset += size
    assert offset == len(content)
    return found


def decoded(source: Path | bytes) -> list[av.VideoFrame]:
    file = io.BytesIO(source) if isinstance(source, bytes) else str(source)
    with av.open(file, "r") as container:
        return list(container.decode(video=0))


def exact_rgb(frame: av.VideoFrame) -> NDArray[np.float64]:
    """The picture by the formula of ITU-R BT.709-6, limited range, in floating point."""
    planes, height = frame.to_ndarray(format="yuv420p").astype(float), frame.height
    luma = (planes[:height] - 16) / 219
    blue, red = (planes[height:].reshape(2, height // 2, -1) - 128) / 224
    blue, red = (plane.repeat(2, axis=0).repeat(2, axis=1) for plane in (blue, red))
    r, b = luma + 1.5748 * red, luma + 1.8556 * blue
    g = (luma - 0.2126 * r - 0.0722 * b) / 0.7152
    return np.stack([r, g, b], axis=-1) * 255


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("encoded")


@pytest.fixture(scope="module")
def ramps() -> Frames:
    """Smooth colour ramps that move: 44 frames, five and a half seconds at 8 a second."""
    frames = np.zeros((44, 320, 180, 3), dtype=np.uint8)
    for index, frame in enumerate(frames):
        frame[..., 0] = np.linspace(20, 230, 180).astype(np.uint8)
        frame[..., 1] = np.linspace(230, 40, 320).astype(np.uint8)[:, None]
        frame[..., 2] = 60 + index * 3
    return frames


@pytest.fixture(scope="module")
def encoded(folder: Path, ramps: Frames) -> Encoded:
    return encode(iter(ramps), frames_per_second=8, width=180, height=320, folder=folder)


def test_the_mp4_is_h264_bt709_with_its_header_first(encoded: Encoded, folder: Path) -> None:
    order = list(boxes((folder / "video.mp4").read_bytes()))
    assert order.index("moov") < order.index("mdat")
    with av.open(str(folder / "video.mp4")) as container:
        stream = container.streams.video[0]
        context = stream.codec_context
        assert (context.name, context.profile, context.pix_fmt) == ("h264", "High", "yuv420p")
        assert (context.width, context.height) == (180, 320)
        assert context.color_primaries == context.color_trc == context.colorspace == BT709
        assert context.color_range == LIMITED
        assert str(stream.average_rate) == "8"
        assert stream.frames == 44
        assert container.duration == 5_500_000
    assert b"colrnclx\x00\x01\x00\x01\x00\x01\x00" in (folder / "video.mp4").read_bytes()
    assert (encoded.frame_count, encoded.duration_seconds) == (44, 5.5)


def test_every_frame_is_there_and_key_frames_come_every_two_seconds(
    encoded: Encoded, folder: Path
) -> None:
    for name in ("video.mp4", "index.m3u8"):
        frames = decoded(folder / name)
        assert [i for i, frame in enumerate(frames) if frame.key_frame] == [0, 16, 32]
        assert [frame.time for frame in frames] == pytest.approx([i / 8 for i in range(44)])


def test_mp4_and_hls_hold_the_same_pictures(encoded: Encoded, folder: Path) -> None:
    for one, other in zip(
        decoded(folder / "video.mp4"), decoded(folder / "index.m3u8"), strict=True
    ):
        assert np.array_equal(one.to_ndarray(), other.to_ndarray())


def test_colours_survive_the_round_trip(encoded: Encoded, folder: Path, ramps: Frames) -> None:
    for before, after in zip(ramps, decoded(folder / "video.mp4"), strict=True):
        error = exact_rgb(after) - before
        assert np.abs(error).mean() < 1.5
        assert np.abs(error.mean(axis=(0, 1))).max() < 1, "no cast"


@pytest.mark.parametrize(
    "colour", [(255, 0, 0), (0, 255, 0), (0, 0, 255), (255, 255, 255), (0,) * 3]
)
def test_pure_colours_stay_pure(colour: tuple[int, int, int], tmp_path: Path) -> None:
    frames = np.full((3, 64, 64, 3), colour, dtype=np.uint8)
    encode(frames, frames_per_second=8, width=64, height=64, folder=tmp_path)
    after = decoded(tmp_path / "video.mp4")[1].to_ndarray(format="rgb24")
    assert np.abs(after.astype(int) - colour).max() <= 4


def test_each_segment_decodes_alone_behind_the_init(encoded: Encoded, folder: Path) -> None:
    init = (folder / "init.mp4").read_bytes()
    segments = [file.path for file in encoded.files if file.kind == "hls_segment"]
    assert list(boxes(init)) == ["ftyp", "moov"]
    for segment, expected in zip(segments, (16, 16, 12), strict=True):
        assert list(boxes(segment.read_bytes()))[-2:] == ["moof", "mdat"]
        frames = decoded(init + segment.read_bytes())
        assert len(frames) == expected
        assert frames[0].key_frame


def test_the_playlist_says_what_is_there(encoded: Encoded, folder: Path) -> None:
    playlist = (folder / "index.m3u8").read_text()
    named = re.findall(r"^(?!#)(.+)$", playlist, re.MULTILINE)
    assert named == [file.name for file in encoded.files if file.kind == "hls_segment"]
    assert re.findall(r"#EXTINF:([\d.]+)", playlist) == ["2.000000", "2.000000", "1.500000"]
    for line in ("#EXT-X-INDEPENDENT-SEGMENTS", "#EXT-X-PLAYLIST-TYPE:VOD", "#EXT-X-ENDLIST",
                 '#EXT-X-MAP:URI="init.mp4"', "#EXT-X-TARGETDURATION:2"):  # fmt: skip
        assert line in playlist
    assert {file.name for file in encoded.files} == {path.name for path in folder.iterdir()}


@pytest.mark.parametrize("rate", [1, 7.5, 8.7, 23.976, 24, 29.97, 60])
def test_segments_stay_two_seconds_at_every_rate(rate: float, tmp_path: Path) -> None:
    frames = np.random.default_rng(7).integers(0, 255, (round(rate * 5), 32, 32, 3), np.uint8)
    encoded = encode(frames, frames_per_second=rate, width=32, height=32, folder=tmp_path)
    durations = [float(seconds) for seconds in re.findall(
        r"#EXTINF:([\d.]+)", (tmp_path / "index.m3u8").read_text())]  # fmt: skip
    assert durations[:-1] == pytest.approx([2] * (len(durations) - 1), abs=0.5 / rate)
    assert sum(durations) == pytest.approx(encoded.duration_seconds, abs=0.01)
    assert len(decoded(tmp_path / "index.m3u8")) == len(frames)


def test_a_single_frame_is_a_video(tmp_path: Path, ramps: Frames) -> None:
    encoded = encode(ramps[:1], frames_per_second=8, width=180, height=320, folder=tmp_path)
    assert encoded.frame_count == len(decoded(tmp_path / "video.mp4")) == 1
    assert len(decoded(tmp_path / "index.m3u8")) == 1


def test_the_poster_is_the_frame_with_most_to_see(tmp_path: Path) -> None:
    frames = np.full((9, 64, 64, 3), 128, dtype=np.uint8)
    frames[5, ::8], frames[5, :, ::8] = 255, (255, 0, 0)
    encode(frames, frames_per_second=8, width=64, height=64, folder=tmp_path)
    with Image.open(tmp_path / "poster.webp") as poster:
        assert (poster.format, poster.size) == ("WEBP", (64, 64))
        assert np.abs(np.asarray(poster).astype(int) - frames[5]).mean() < 25


@pytest.mark.parametrize(("count", "grid"), [(1, (1, 1)), (3, (3, 1)), (16, (5, 4)), (200, (5, 5))])
def test_the_spritesheet_shows_evenly_spaced_frames(
    count: int, grid: tuple[int, int], tmp_path: Path
) -> None:
    frames = np.zeros((count, 32, 18, 3), dtype=np.uint8)
    frames[:] = np.linspace(0, 250, count).astype(np.uint8)[:, None, None, None]
    encode(frames, frames_per_second=8, width=18, height=32, folder=tmp_path)
    with Image.open(tmp_path / "spritesheet.jpg") as sheet:
        columns, rows = sheet.width // 180, sheet.height // 320
        greys = [sheet.getpixel((x * 180 + 90, y * 320 + 160))
                 for y in range(rows) for x in range(columns)]  # fmt: skip
    assert (columns, rows) == grid
    tiles = [int(grey[0]) for grey in greys if isinstance(grey, tuple)][: min(count, 25)]
    assert tiles[0] <= 2
    steps = [after - before for before, after in pairwise(tiles)]
    assert max(steps, default=0) - min(steps, default=0) <= 3


def test_frames_are_taken_one_at_a_time(tmp_path: Path) -> None:
    alive = peak = 0

    class Counted(np.ndarray[tuple[int, ...], np.dtype[np.uint8]]):
        def __del__(self) -> None:
            nonlocal alive
            alive -= 1

    def frames() -> Iterator[Frame]:
        nonlocal alive, peak
        for index in range(100):
            alive += 1
            peak = max(peak, alive)
            yield np.full((64, 64, 3), index, np.uint8).view(Counted)

    encode(frames(), frames_per_second=8, width=64, height=64, folder=tmp_path)
    assert peak <= 3


def test_refuses_what_can_not_be_a_video(tmp_path: Path) -> None:
    frame = np.zeros((1, 64, 64, 3), dtype=np.uint8)

    def asked(frames: Frames, rate: float = 8, size: tuple[int, int] = (64, 64)) -> None:
        width, height = size
        encode(frames, frames_per_second=rate, width=width, height=height, folder=tmp_path)

    asked(frame)
    for size in ((62, 64), (63, 64), (64, 8), (64, 5000)):
        with pytest.raises(UnableToEncode):
            asked(frame, size=size)
    for rate in (0, -1, float("nan"), 1000):
        with pytest.raises(UnableToEncode):
            asked(frame, rate=rate)
    for frames in (frame[:0], frame.astype(np.float32).view(np.uint8), frame[:, :62]):
        with pytest.raises(UnableToEncode):
            asked(frames)
    with pytest.raises(UnableToEncode):
        encode(frame, frames_per_second=8, width=64, height=64, folder=tmp_path / "absent")


def test_the_same_frames_become_the_same_pictures(tmp_path: Path) -> None:
    noise = np.random.default_rng(0).integers(0, 255, (16, 640, 360, 3), dtype=np.uint8)
    made = set()
    for name in map(str, range(5)):
        (tmp_path / name).mkdir()
        encode(noise, frames_per_second=8, width=360, height=640, folder=tmp_path / name)
        made.add((tmp_path / name / "video.mp4").read_bytes())
    assert len(made) == 1
