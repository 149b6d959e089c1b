"""Pictures as arrays: brought to a size, and picked out of a finished video."""

import io
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import BinaryIO, TypeAlias

import av
import numpy as np
from av.container import InputContainer
from av.video.frame import VideoFrame
from av.video.stream import VideoStream
from numpy.typing import NDArray
from PIL import Image, ImageEnhance, ImageFilter, ImageOps

from common.errors import Invalid

Frame: TypeAlias = NDArray[np.uint8]
"""One picture: (height, width, 3), RGB, 0 to 255."""

Frames: TypeAlias = NDArray[np.uint8]
"""A video: (time, height, width, 3), RGB, 0 to 255."""

CHANNELS = 3
SAME_ASPECT = 0.01
FILL_SHRINK = 8
FILL_BRIGHTNESS = 0.55
SIGNATURE_SIDE = 32
SCENE_CHANGE = 0.08


class UnableToUseFrames(Invalid):
    """The array is not a video: (time, height, width, 3) of uint8, at least one of each."""


class UnableToReadVideo(Invalid):
    """The bytes are not a video we can decode, or more of one than we are willing to."""

    code = "invalid_video"


@dataclass(frozen=True)
class SampleBounds:
    """How much of a stranger's video is decoded before it is refused."""

    max_frames: int = 20_000
    max_pixels: int = 4096 * 2304


def fit_frames(frames: Frames, *, width: int, height: int) -> Frames:
    """`frames` at exactly `width` by `height`, nothing cropped and nothing stretched.

    The same aspect ratio (within 1 %) is scaled with Lanczos; any other is scaled to fit and
    centred over a blurred, dimmed fill made of itself.  (T, H, W, 3) in, (T, height, width, 3) out.
    Raises UnableToUseFrames.
    """
    checked = check_frames(frames)
    return np.stack([fit_frame(frame, width=width, height=height) for frame in checked])


def fit_frame(frame: Frame, *, width: int, height: int) -> Frame:
    """One picture of `fit_frames`."""
    if frame.shape[:2] == (height, width):
        return frame
    picture = Image.fromarray(frame)
    if abs(picture.width * height / (picture.height * width) - 1) <= SAME_ASPECT:
        return np.asarray(picture.resize((width, height), Image.Resampling.LANCZOS))
    return np.asarray(_over_its_own_blur(picture, width=width, height=height))


def check_frames(frames: Frames) -> Frames:
    """`frames` itself.  Raises UnableToUseFrames when it is not a video of uint8 RGB."""
    is_video = frames.ndim == CHANNELS + 1 and frames.shape[-1] == CHANNELS and frames.size > 0
    if not is_video or frames.dtype != np.uint8:
        raise UnableToUseFrames(
            f"Frames are (time, height, width, 3) of uint8, not {frames.shape} of {frames.dtype}."
        )
    return frames


def sample_frames(
    source: Path | bytes, *, count: int, bounds: SampleBounds | None = None
) -> list[Frame]:
    """Up to `count` pictures that stand for the whole MP4, in order of time.

    The first and the last frame are always among them; then, up to half of the rest, the frames
    where the scene changes most; then evenly from the widest gaps.  A video with fewer frames
    gives all it has.  Every frame is decoded once, so nothing between samples is unseen by the
    scene detection; only the chosen ones are held in full.
    Raises UnableToReadVideo for anything that is not a decodable MP4 within `bounds`.
    """
    limits = bounds or SampleBounds()
    changes = _scene_changes(source, limits)
    chosen = choose_indices(changes, count=count)
    return _frames_at(source, chosen, limits)


def choose_indices(changes: NDArray[np.float64], *, count: int) -> list[int]:
    """Which of the `len(changes)` frames `sample_frames` takes, in ascending order.

    `changes[i]` is the mean difference, 0 to 1, between frame i and the one before it.
    """
    total = len(changes)
    if total <= count:
        return list(range(total))
    chosen = {0, total - 1} if count > 1 else {0}
    places = (count - len(chosen)) // 2
    by_change = np.argsort(changes, kind="stable")[::-1][:places]
    chosen.update(int(i) for i in by_change if changes[i] >= SCENE_CHANGE)
    while len(chosen) < count:
        chosen.add(_middle_of_widest_gap(sorted(chosen), total))
    return sorted(chosen)


def _middle_of_widest_gap(chosen: list[int], total: int) -> int:
    edges = [*chosen, total]
    widest = max(range(len(chosen)), key=lambda i: edges[i + 1] - edges[i])
    return (edges[widest] + edges[widest + 1]) // 2


def _over_its_own_blur(picture: Image.Image, *, width: int, height: int) -> Image.Image:
    scale = min(width / picture.width, height / picture.height)
    inner = (max(1, round(picture.width * scale)), max(1, round(picture.height * scale)))
    canvas = _blurred_fill(picture, width=width, height=height)
    place = ((width - inner[0]) // 2, (height - inner[1]) // 2)
    canvas.paste(picture.resize(inner, Image.Resampling.LANCZOS), place)
    return canvas


def _blurred_fill(picture: Image.Image, *, width: int, height: int) -> Image.Image:
    # Blurred small and enlarged: the same look at a sixtieth of the work.
    small = (max(1, width // FILL_SHRINK), max(1, height // FILL_SHRINK))
    fill = ImageOps.fit(picture, small, Image.Resampling.BILINEAR)
    blurred = fill.filter(ImageFilter.GaussianBlur(max(small) / 20))
    dimmed = ImageEnhance.Brightness(blurred).enhance(FILL_BRIGHTNESS)
    return dimmed.resize((width, height), Image.Resampling.BICUBIC)


def _scene_changes(source: Path | bytes, bounds: SampleBounds) -> NDArray[np.float64]:
    previous: NDArray[np.int16] | None = None
    changes: list[float] = []
    for frame in _decoded(source, bounds):
        signature = _signature(frame)
        before = signature if previous is None else previous
        changes.append(float(np.abs(signature - before).mean() / 255))
        previous = signature
    if not changes:
        raise UnableToReadVideo("The video has no frames.")
    return np.array(changes)


def _signature(frame: VideoFrame) -> NDArray[np.int16]:
    small = frame.reformat(width=SIGNATURE_SIDE, height=SIGNATURE_SIDE, format="rgb24")
    return small.to_ndarray().astype(np.int16)


def _frames_at(source: Path | bytes, chosen: list[int], bounds: SampleBounds) -> list[Frame]:
    wanted = set(chosen)
    return [
        frame.to_ndarray(format="rgb24").astype(np.uint8, copy=False)
        for index, frame in enumerate(_decoded(source, bounds))
        if index in wanted
    ]


def _decoded(source: Path | bytes, bounds: SampleBounds) -> Iterator[VideoFrame]:
    with _as_unreadable(), _opened(source) as file, open_mp4(file) as container:
        stream = _video_stream(container)
        _check_pixels(stream.width * stream.height, bounds)
        yield from _bounded(container.decode(stream), bounds)


def open_mp4(file: BinaryIO) -> InputContainer:
    """`file` as an MP4 and as nothing else; text in its header need not be UTF-8."""
    return av.open(file, "r", format="mov", metadata_errors="replace")


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
