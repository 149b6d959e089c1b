"""Pictures picked out of a finished video, in one pass and within bounds."""

import heapq
import io
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import BinaryIO

import av
import numpy as np
from av.container import InputContainer
from av.video.frame import VideoFrame
from av.video.stream import VideoStream
from numpy.typing import NDArray

from video.frames import Frame, UnableToReadVideo, open_mp4

SIGNATURE_SIDE = 32
SCENE_CHANGE = 0.08
CANDIDATES_PER_SAMPLE = 2


@dataclass(frozen=True)
class SampleBounds:
    """How much of a stranger's video is decoded before it is refused."""

    max_frames: int = 20_000
    max_pixels: int = 4096 * 2304


@dataclass(frozen=True)
class Sample:
    """One picture of a video: the how manieth it is, from 0, and when it is shown."""

    index: int
    seconds: float
    frame: Frame


def every_frame(source: Path | bytes, *, bounds: SampleBounds | None = None) -> Iterator[Sample]:
    """All pictures of the MP4, one at a time.

    Raises UnableToReadVideo for anything that is not a decodable MP4 within `bounds`.
    """
    for index, frame in enumerate(_decoded(source, bounds or SampleBounds())):
        yield _sample(index, frame)


def sample_frames(
    source: Path | bytes, *, count: int, bounds: SampleBounds | None = None
) -> list[Sample]:
    """Up to `count` pictures that stand for the whole MP4, in order of time.

    The first and the last frame are always among them; then, up to half of the rest, the frames
    where the scene changes most; then about evenly from the widest gaps.  A video with fewer
    frames gives all it has.  Every frame is decoded once, so nothing between samples is unseen by
    the scene detection; a few for each sample are held at a time.
    Raises UnableToReadVideo for anything that is not a decodable MP4 within `bounds`.
    """
    candidates = _Candidates(count)
    for index, frame in enumerate(_decoded(source, bounds or SampleBounds())):
        candidates.offer(index, frame)
    return [_sample(index, frame) for index, frame in candidates.chosen()]


def choose_indices(changes: NDArray[np.float64], *, count: int) -> list[int]:
    """Which of the `len(changes)` frames stand best for all of them, in ascending order.

    `changes[i]` is the mean difference, 0 to 1, between frame i and the one before it.
    """
    total = len(changes)
    if total <= count:
        return list(range(total))
    chosen = {0, total - 1} if count > 1 else {0}
    by_change = np.argsort(changes, kind="stable")[::-1][: _places(count)]
    chosen.update(int(i) for i in by_change if changes[i] >= SCENE_CHANGE)
    while len(chosen) < count:
        chosen.add(_middle_of_widest_gap(sorted(chosen), total))
    return sorted(chosen)


def _places(count: int) -> int:
    """How many of `count` samples may be there for a change of scene."""
    return max(0, count - 2) // 2


def _middle_of_widest_gap(chosen: list[int], total: int) -> int:
    edges = [*chosen, total]
    widest = max(range(len(chosen)), key=lambda i: edges[i + 1] - edges[i])
    return (edges[widest] + edges[widest + 1]) // 2


class _Candidates:
    """The frames that may still be chosen, while the video passes by.

    An even grid that grows coarser as the video goes on, the frames with the greatest changes,
    and the last one.
    """

    def __init__(self, count: int) -> None:
        self._count = count
        self._stride = 1
        self._grid: dict[int, VideoFrame] = {}
        self._changed: list[tuple[float, int, VideoFrame]] = []
        self._last: tuple[int, VideoFrame] | None = None
        self._changes: list[float] = []
        self._before: NDArray[np.int16] | None = None

    def offer(self, index: int, frame: VideoFrame) -> None:
        """Look at the next frame, and hold it or let it go."""
        change = self._change_to(frame)
        self._changes.append(change)
        self._last = (index, frame)
        # A greater index settles a tie, as in `choose_indices`; frames are never compared.
        if change >= SCENE_CHANGE:
            heapq.heappush(self._changed, (change, index, frame))
        if len(self._changed) > _places(self._count):
            heapq.heappop(self._changed)
        if index % self._stride == 0:
            self._grid[index] = frame
        if len(self._grid) > CANDIDATES_PER_SAMPLE * self._count:
            self._stride *= 2
            self._grid = {i: held for i, held in self._grid.items() if i % self._stride == 0}

    def chosen(self) -> Iterator[tuple[int, VideoFrame]]:
        """The held frames nearest to those one would choose.  Raises UnableToReadVideo."""
        if self._last is None:
            raise UnableToReadVideo("The video has no frames.")
        held = self._grid | {index: frame for _, index, frame in self._changed}
        held[self._last[0]] = self._last[1]
        taken: set[int] = set()
        for wanted in choose_indices(np.array(self._changes), count=self._count):
            free = (index for index in held if index not in taken)
            taken.add(min(free, key=lambda index: (abs(index - wanted), index)))
        for index in sorted(taken):
            yield index, held[index]

    def _change_to(self, frame: VideoFrame) -> float:
        signature = _signature(frame)
        before = signature if self._before is None else self._before
        self._before = signature
        return float(np.abs(signature - before).mean() / 255)


def _signature(frame: VideoFrame) -> NDArray[np.int16]:
    small = frame.reformat(width=SIGNATURE_SIDE, height=SIGNATURE_SIDE, format="rgb24")
    return small.to_ndarray().astype(np.int16)


def _sample(index: int, frame: VideoFrame) -> Sample:
    picture = frame.to_ndarray(format="rgb24").astype(np.uint8, copy=False)
    return Sample(index=index, seconds=float(frame.time or 0), frame=picture)


def _decoded(source: Path | bytes, bounds: SampleBounds) -> Iterator[VideoFrame]:
    with _as_unreadable(), _opened(source) as file, open_mp4(file) as container:
        stream = _video_stream(container)
        _check_pixels(stream.width * stream.height, bounds)
        yield from _bounded(container.decode(stream), bounds)


def _video_stream(container: InputContainer) -> VideoStream:
    for stream in container.streams.video:
        # PyAV gives a stream whose codec FFmpeg does not know no context at all.
        if stream.codec_context is not None:
            return stream
    raise UnableToReadVideo("There is no video that can be decoded in the file.")


def _bounded(frames: Iterable[VideoFrame], bounds: SampleBounds) -> Iterator[VideoFrame]:
    for index, frame in enumerate(frames):
        if index >= bounds.max_frames:
            raise UnableToReadVideo(f"The video is longer than {bounds.max_frames} frames.")
        _check_pixels(frame.width * frame.height, bounds)
        yield frame


def _check_pixels(pixels: int, bounds: SampleBounds) -> None:
    if not 0 < pixels <= bounds.max_pixels:
        raise UnableToReadVideo(f"A frame has {pixels} pixels; at most {bounds.max_pixels} do.")


@contextmanager
def _opened(source: Path | bytes) -> Iterator[BinaryIO]:
    # Never a path or URL for FFmpeg to resolve: it reads from our handle and opens nothing else.
    with io.BytesIO(source) if isinstance(source, bytes) else source.open("rb") as file:
        yield file


@contextmanager
def _as_unreadable() -> Iterator[None]:
    try:
        yield
    except (av.error.FFmpegError, OSError) as error:
        raise UnableToReadVideo("The file is not a video that can be decoded.") from error
