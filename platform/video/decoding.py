"""A stranger's video file, read with suspicion: what it is, its pictures in step, its sound.

Meant to run in a process of its own (`video.intake_child`); everything here may hang, crash or eat
memory when a file was made for that.  Only formats on a list are opened, and never anything else
that a file names.
"""

import itertools
from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from fractions import Fraction
from math import ceil
from pathlib import Path
from typing import Any, BinaryIO

import av
import numpy as np
from av.audio.resampler import AudioResampler
from av.container import InputContainer
from av.video.frame import VideoFrame
from av.video.stream import VideoStream

from common.errors import Invalid
from video.sounds import CHANNELS, RATE, SAMPLE_BYTES

DEMUXERS: Mapping[str, str] = {"mp4": "mov", "webm": "matroska"}
VIDEO_CODECS = frozenset({"h264", "hevc", "vp8", "vp9", "av1"})
SOUND_CODECS = frozenset(
    {
        "aac", "mp3", "mp3float", "opus", "vorbis", "alac", "flac", "ac3", "eac3",
        "pcm_s16le", "pcm_s16be", "pcm_s24le", "pcm_s24be", "pcm_f32le",
    }
)  # fmt: skip
# libdav1d and libopus are FFmpeg's other names for what the list above allows.
OTHER_NAMES: Mapping[str, str] = {"libdav1d": "av1", "libopus": "opus", "libvorbis": "vorbis"}
MAX_STREAMS = 16
MAX_TAGS = 128
MAX_TAG_LENGTH = 20_000
MAX_BROKEN_PACKETS = 50
TOLERANCE_SECONDS = 0.5
HIGHEST_RATE = 30
LOWEST_RATE, LIKELY_RATE = 8, 30
SMALLEST_SIDE = 128
QUARTER_TURN = 90
DECODER_THREADS = 2
STRANGEST_ASPECT = 4


class UnableToTakeVideo(Invalid):
    """The file is no video we take; the message says what to change."""

    code = "invalid_video"


@dataclass(frozen=True)
class Bounds:
    """How much of a stranger's video is looked at before it is refused."""

    max_seconds: float = 60.0
    max_pixels: int = 4096 * 2304
    max_frames: int = 20_000


@dataclass(frozen=True)
class Examination:
    """What a file is, upright and in square pixels; `rate` is what it is to be shown at.

    `tags` are its texts by name, in small letters, from all over the container.
    """

    width: int
    height: int
    rate: str
    has_sound: bool
    video_codec: str
    sound_codec: str
    tags: dict[str, str]

    @property
    def frames_per_second(self) -> Fraction:
        """The rate as a number."""
        return Fraction(self.rate)


def kind_of(head: bytes) -> str | None:
    """`mp4` (MOV, too) or `webm`, told by a file's first 64 bytes; None for anything else."""
    if head[:4] == b"\x1a\x45\xdf\xa3":
        return "webm" if b"webm" in head else None
    return "mp4" if head[4:8] in {b"ftyp", b"moov", b"mdat", b"wide", b"free", b"skip"} else None


def examined(path: Path, *, bounds: Bounds) -> Examination:
    """What the file at `path` is, from its header and its first picture.

    Raises UnableToTakeVideo.
    """
    with opened(path) as container:
        stream = _picture_stream(container, bounds)
        _check_length(container, stream, bounds)
        first = next(_pictures(container, stream, bounds), None)
        if first is None:
            raise UnableToTakeVideo("There is no picture in the file that can be read.")
        width, height = _upright_size(first, stream)
        sound = _sound_codec(container)
        return Examination(
            width=width,
            height=height,
            rate=str(_rate(stream)),
            has_sound=bool(sound),
            video_codec=_codec(stream),
            sound_codec=sound,
            tags=_tags(container),
        )


def pictures_in_step(
    path: Path, *, size: tuple[int, int], rate: Fraction, bounds: Bounds
) -> Iterator[bytes]:
    """The video's pictures at a steady `rate`, upright, each `size` (width, height) of RGB bytes.

    Pictures are repeated and left out as the file's own times ask for.  Raises UnableToTakeVideo.
    """
    with opened(path) as container:
        stream = _picture_stream(container, bounds)
        tick, end = 0, 0.0
        shown: _Shown | None = None
        for frame, seconds in _timed(_pictures(container, stream, bounds), stream, bounds):
            due = round(seconds * rate)
            if shown is not None and due > tick:
                yield from itertools.repeat(shown.rgb, due - tick)
                tick = due
            shown, end = _Shown(frame, size), seconds + _lasts(frame)
        if shown is None:
            raise UnableToTakeVideo("There is no picture in the file that can be read.")
        last_tick = round(min(end, bounds.max_seconds) * rate)
        yield from itertools.repeat(shown.rgb, max(1, last_tick - tick))


def write_sound(path: Path, target: BinaryIO, *, bounds: Bounds) -> int:
    """Write the sound to `target` as plain samples (see `video.sounds`); how many bytes.

    It begins with the first picture: what comes before is left out, a gap is filled with silence.
    Raises UnableToTakeVideo.
    """
    with opened(path) as container:
        start = _start_of_pictures(container, bounds)
    with opened(path) as container:
        stream = container.streams.audio[0]
        resampler = AudioResampler(format="s16", layout="stereo", rate=RATE)
        written, most = 0, int((bounds.max_seconds + TOLERANCE_SECONDS) * RATE)
        lead: int | None = None
        for frame in _decoded(container, stream):
            if lead is None:
                lead = round(((frame.time or 0.0) - start) * RATE)
                written += _write_silence(target, min(lead, most))
            for piece in resampler.resample(frame):
                samples = piece.to_ndarray().tobytes()
                skipped = min(max(0, -lead) * CHANNELS * SAMPLE_BYTES, len(samples))
                lead += skipped // (CHANNELS * SAMPLE_BYTES)
                target.write(samples[skipped:])
                written += (len(samples) - skipped) // (CHANNELS * SAMPLE_BYTES)
            if written >= most:
                break
        return written


def _write_silence(target: BinaryIO, samples: int) -> int:
    target.write(bytes(max(0, samples) * CHANNELS * SAMPLE_BYTES))
    return max(0, samples)


class _Shown:
    """A picture that is made into bytes only if it is really shown."""

    def __init__(self, frame: VideoFrame, size: tuple[int, int]) -> None:
        self._frame, self._size = frame, size
        self._rgb: bytes | None = None

    @property
    def rgb(self) -> bytes:
        if self._rgb is None:
            self._rgb = _rgb(self._frame, self._size)
        return self._rgb


def _rgb(frame: VideoFrame, size: tuple[int, int]) -> bytes:
    turns = round(frame.rotation / QUARTER_TURN) % 4
    width, height = size[::-1] if turns % 2 else size
    picture = frame.reformat(width=width, height=height, format="rgb24").to_ndarray()
    return np.ascontiguousarray(np.rot90(picture, turns)).tobytes()


def _lasts(frame: VideoFrame) -> float:
    return float(frame.duration * frame.time_base) if frame.duration and frame.time_base else 0.0


@contextmanager
def opened(path: Path) -> Iterator[InputContainer]:
    """The file as one of the containers on our list, and as nothing else.

    Raises UnableToTakeVideo, also for what goes wrong in FFmpeg while it is open.
    """
    with path.open("rb") as file:
        kind = kind_of(file.read(64))
        if kind is None:
            raise UnableToTakeVideo("Send an MP4, a MOV or a WebM file.", code="unsupported_video")
        file.seek(0)
        options = {"export_xmp": "1"} if kind == "mp4" else {}
        try:
            with av.open(
                file,
                "r",
                format=DEMUXERS[kind],
                options=options,
                metadata_errors="replace",
            ) as container:
                yield container
        except (av.error.FFmpegError, OSError, ValueError, OverflowError) as error:
            raise UnableToTakeVideo("The file is damaged: it can not be decoded.") from error


def _picture_stream(container: InputContainer, bounds: Bounds) -> VideoStream:
    if len(container.streams) > MAX_STREAMS:
        raise UnableToTakeVideo(f"A file has at most {MAX_STREAMS} streams.")
    for stream in container.streams.video:
        if stream.disposition & stream.disposition.attached_pic:
            continue
        if _codec(stream) not in VIDEO_CODECS:
            break
        _check_pixels(stream.width * stream.height, bounds)
        stream.codec_context.options = {"max_pixels": str(bounds.max_pixels)}
        stream.codec_context.thread_count = DECODER_THREADS
        return stream
    raise UnableToTakeVideo(
        "There is no picture in a format we read: H.264, H.265, VP8, VP9 or AV1.",
        code="unsupported_codec",
    )


def _sound_codec(container: InputContainer) -> str:
    """The sound's codec, or nothing when there is no sound."""
    if not container.streams.audio:
        return ""
    name = _codec(container.streams.audio[0])
    if name not in SOUND_CODECS:
        raise UnableToTakeVideo(
            "The sound is in a format we do not read; AAC, MP3 and Opus are among those we do.",
            code="unsupported_codec",
        )
    return name


def _codec(stream: Any) -> str:
    if stream.codec_context is None:
        return "unknown"
    name = str(stream.codec_context.name)
    return OTHER_NAMES.get(name, name)


def _check_pixels(pixels: int, bounds: Bounds) -> None:
    if not 0 < pixels <= bounds.max_pixels:
        raise UnableToTakeVideo(
            f"A picture has at most {bounds.max_pixels:,} pixels.", code="video_too_large"
        )


def _check_length(container: InputContainer, stream: VideoStream, bounds: Bounds) -> None:
    lengths = [
        container.duration / av.time_base if container.duration else 0.0,
        float(stream.duration * stream.time_base) if stream.duration and stream.time_base else 0.0,
    ]
    if max(lengths) > bounds.max_seconds + TOLERANCE_SECONDS:
        raise _too_long(bounds)


def _too_long(bounds: Bounds) -> UnableToTakeVideo:
    return UnableToTakeVideo(
        f"A clip is at most {bounds.max_seconds:g} seconds long.", code="video_too_long"
    )


def _pictures(
    container: InputContainer, stream: VideoStream, bounds: Bounds
) -> Iterator[VideoFrame]:
    for number, frame in enumerate(_decoded(container, stream)):
        if number >= bounds.max_frames:
            raise UnableToTakeVideo(f"A clip has at most {bounds.max_frames:,} pictures.")
        _check_pixels(frame.width * frame.height, bounds)
        yield frame


def _decoded(container: InputContainer, stream: Any) -> Iterator[Any]:
    """The stream's frames; a few broken packets are passed over, as a player does."""
    broken = 0
    for packet in container.demux(stream):
        try:
            yield from packet.decode()
        except av.error.InvalidDataError:
            broken += 1
            if broken > MAX_BROKEN_PACKETS:
                raise


def _timed(
    frames: Iterable[VideoFrame], stream: VideoStream, bounds: Bounds
) -> Iterator[tuple[VideoFrame, float]]:
    """Each frame with its seconds after the first, never going back."""
    first: float | None = None
    latest = 0.0
    step = 1 / float(_rate(stream))
    for frame in frames:
        at = frame.time if frame.pts is not None else (first or 0.0) + latest + step
        first = at if first is None else first
        latest = max(latest, at - first)
        if latest > bounds.max_seconds + TOLERANCE_SECONDS:
            raise _too_long(bounds)
        yield frame, latest


def _start_of_pictures(container: InputContainer, bounds: Bounds) -> float:
    stream = _picture_stream(container, bounds)
    first = next(_pictures(container, stream, bounds), None)
    return float(first.time or 0.0) if first is not None else 0.0


def _upright_size(frame: VideoFrame, stream: VideoStream) -> tuple[int, int]:
    aspect = float(stream.sample_aspect_ratio or 1)
    width, height = frame.width, frame.height
    if 0 < aspect <= STRANGEST_ASPECT:
        width = round(width * aspect)
    if round(frame.rotation / QUARTER_TURN) % 2:
        width, height = height, width
    if min(width, height) < SMALLEST_SIDE or max(width, height) > STRANGEST_ASPECT * min(
        width, height
    ):
        raise UnableToTakeVideo(
            f"A clip has sides of {SMALLEST_SIDE} pixels at least, and none is more than "
            f"{STRANGEST_ASPECT} times the other."
        )
    return width, height


def _rate(stream: VideoStream) -> Fraction:
    """The file's own rate, or an even part of it: at most 30 a second."""
    rate = stream.average_rate or stream.guessed_rate or Fraction(LIKELY_RATE)
    if not 1 <= rate <= HIGHEST_RATE**2:
        rate = Fraction(LIKELY_RATE)
    # A phone's thirty is 30.02 on average: a tenth above is still as good as thirty.
    parts = max(1, ceil(rate / HIGHEST_RATE - Fraction(1, 10)))
    return max(Fraction(LOWEST_RATE), rate / parts).limit_denominator(1001)


def _tags(container: InputContainer) -> dict[str, str]:
    """The texts by name; what several streams say under one name, one below the other."""
    said: dict[str, str] = {}
    owners = (container, *container.streams)
    pairs = (pair for owner in owners for pair in owner.metadata.items())
    for name, text in itertools.islice(pairs, MAX_TAGS):
        before = said.get(name.lower())
        said[name.lower()] = (f"{before}\n{text}" if before else text)[:MAX_TAG_LENGTH]
    return said
