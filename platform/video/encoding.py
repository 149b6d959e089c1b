"""Frames in, files out, in one pass: MP4, HLS, poster and spritesheet.

The frames are encoded once and the packets muxed twice, so MP4 and HLS hold the same picture and
the same sound.
Memory is bounded by the encoder's look-ahead, however long the iterator is.
"""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from fractions import Fraction
from pathlib import Path
from typing import Any, BinaryIO, Literal, TypeAlias, cast

import av
from av.audio.stream import AudioStream
from av.container import OutputContainer
from av.packet import Packet
from av.video.frame import VideoFrame
from av.video.reformatter import ColorRange, Colorspace, Interpolation
from av.video.stream import VideoStream

from common.errors import Invalid
from video.frames import CHANNELS, Frame
from video.pictures import Contacts, Poster
from video.sounds import RATE, samples_until

Kind: TypeAlias = Literal["mp4", "hls_playlist", "hls_init", "hls_segment", "poster", "spritesheet"]

# In quotes: generic for the type checker only.
AnyPacket: TypeAlias = "Packet[Any]"

MP4_NAME = "video.mp4"
PLAYLIST_NAME = "index.m3u8"
INIT_NAME = "init.mp4"
SEGMENT_PATTERN = "segment-%03d.m4s"
POSTER_NAME = "poster.webp"
SPRITESHEET_NAME = "spritesheet.jpg"

SEGMENT_SECONDS = 2
SMALLEST_SIDE, LARGEST_SIDE = 16, 4096
LARGEST_RATE = 240
SOUND_BITS = 128_000
BT709 = 1
LIMITED_RANGE = 1


class UnableToEncode(Invalid):
    """These frames can not become a video of this size and rate."""

    code = "unable_to_encode"


@dataclass(frozen=True)
class EncodedFile:
    """One file of the set; `name` is what the playlist and the other files call it."""

    kind: Kind
    path: Path
    content_type: str

    @property
    def name(self) -> str:
        """The file's name inside its folder."""
        return self.path.name


@dataclass(frozen=True)
class Encoded:
    """What one pass made."""

    files: tuple[EncodedFile, ...]
    frame_count: int
    duration_seconds: float


def encode(
    frames: Iterable[Frame],
    *,
    frames_per_second: float,
    width: int,
    height: int,
    folder: Path,
    metadata: Mapping[str, str] | None = None,
    picture_xmp: bytes = b"",
    sound: Path | None = None,
) -> Encoded:
    """Write the whole set of files for `frames` into `folder`, which exists and is empty.

    Each frame is (height, width, 3) uint8 RGB; they are taken one at a time.  H.264 High, x264
    veryfast crf 21, yuv420p in BT.709 limited range, a closed group of pictures every 2 seconds.
    `sound` is a file of samples (`video.sounds`) that begins with the first frame; it becomes AAC
    and ends with the last frame.
    The MP4 has its header first; HLS is fragmented MP4 in 2-second segments that each start with
    a key frame.  `metadata` goes into the header of the MP4 and of the HLS init segment under its
    own keys, `picture_xmp` into poster and spritesheet.
    Raises UnableToEncode; the folder's content is then of no use.
    """
    rate = _checked_rate(frames_per_second)
    _check_size(width, height)
    poster, contacts = Poster(), Contacts()
    with _as_unencodable(), ExitStack() as stack:
        source = stack.enter_context(sound.open("rb")) if sound is not None else None
        muxers = _Muxers(
            stack, folder, rate=rate, size=(width, height), metadata=metadata or {}, sound=source
        )
        count = 0
        for frame in frames:
            muxers.write(_converted(frame, index=count, rate=rate, size=(width, height)))
            poster.consider(frame)
            contacts.add(frame)
            count += 1
        if count == 0:
            raise UnableToEncode("There are no frames to encode.")
        muxers.finish()
    poster.save(folder / POSTER_NAME, xmp=picture_xmp)
    contacts.save(folder / SPRITESHEET_NAME, xmp=picture_xmp)
    return Encoded(
        files=tuple(_files_in(folder)), frame_count=count, duration_seconds=float(count / rate)
    )


class _Muxers:
    """One encoder of pictures, one of sound, and the two containers that share their packets."""

    def __init__(
        self,
        stack: ExitStack,
        folder: Path,
        *,
        rate: Fraction,
        size: tuple[int, int],
        metadata: Mapping[str, str],
        sound: BinaryIO | None,
    ) -> None:
        group = max(1, round(SEGMENT_SECONDS * rate))
        self._rate, self._count, self._sound = rate, 0, sound
        self._mp4 = stack.enter_context(_mp4_container(folder, metadata))
        self._pictures = _encoder(self._mp4, rate=rate, size=size, group=group)
        self._samples = _sound_encoder(self._mp4) if sound is not None else None
        # The header must be out before the streams' parameters can be copied.
        self._mp4.start_encoding()
        seconds = (group - Fraction(1, 2)) / rate
        self._hls = stack.enter_context(_hls_container(folder, metadata, seconds))
        streams = [self._pictures, *([self._samples] if self._samples is not None else [])]
        self._twins = {one.index: self._hls.add_stream_from_template(one) for one in streams}

    def write(self, frame: VideoFrame) -> None:
        self._mux(self._pictures.encode(frame))
        self._count += 1
        self._write_sound()

    def finish(self) -> None:
        self._mux(self._pictures.encode(None))
        if self._samples is not None:
            self._mux(self._samples.encode(None))

    def _write_sound(self) -> None:
        """In step with the pictures, so that neither container has to wait for one of them."""
        if self._samples is not None and self._sound is not None:
            for samples in samples_until(self._sound, seconds=self._count / self._rate):
                self._mux(self._samples.encode(samples))

    def _mux(self, packets: Sequence[AnyPacket]) -> None:
        for packet in packets:
            twin = _copy(packet)
            twin.stream = self._twins[packet.stream.index]
            self._mp4.mux(packet)
            self._hls.mux(twin)


def _mp4_container(folder: Path, metadata: Mapping[str, str]) -> OutputContainer:
    container = av.open(
        str(folder / MP4_NAME),
        "w",
        format="mp4",
        options={"movflags": "+faststart+use_metadata_tags"},
    )
    container.metadata.update(metadata)
    return container


def _hls_container(folder: Path, metadata: Mapping[str, str], seconds: Fraction) -> OutputContainer:
    options = {
        # Half a frame less than a group, so that rounding never skips the key frame it is for.
        "hls_time": f"{float(seconds):.6f}",
        "hls_playlist_type": "vod",
        "hls_segment_type": "fmp4",
        "hls_flags": "independent_segments",
        "hls_fmp4_init_filename": INIT_NAME,
        "hls_segment_filename": str(folder / SEGMENT_PATTERN),
        "hls_segment_options": "movflags=+use_metadata_tags",
        # Leaves the reordering delay to the init segment's edit list: the first frame is at 0.
        "avoid_negative_ts": "disabled",
    }
    container = av.open(str(folder / PLAYLIST_NAME), "w", format="hls", options=options)
    container.metadata.update(metadata)
    return container


def _encoder(
    container: OutputContainer, *, rate: Fraction, size: tuple[int, int], group: int
) -> VideoStream:
    settings = {
        "preset": "veryfast",
        "crf": "21",
        "sc_threshold": "0",
        "forced-idr": "1",
        # With macroblock trees the same frames do not always become the same bytes.
        "x264-params": "mbtree=0",
    }
    stream = container.add_stream("libx264", rate=rate, options=settings)
    stream.width, stream.height = size
    stream.pix_fmt = "yuv420p"
    context = stream.codec_context
    context.gop_size = group
    context.color_primaries = context.color_trc = context.colorspace = BT709
    context.color_range = LIMITED_RANGE
    return stream


def _sound_encoder(container: OutputContainer) -> AudioStream:
    stream = container.add_stream("aac", rate=RATE, layout="stereo")
    stream.bit_rate = SOUND_BITS
    return stream


def _converted(frame: Frame, *, index: int, rate: Fraction, size: tuple[int, int]) -> VideoFrame:
    width, height = size
    if frame.shape != (height, width, CHANNELS) or frame.dtype != "uint8":
        raise UnableToEncode(f"Frame {index} is {frame.shape} {frame.dtype}, not {size} of uint8.")
    picture = VideoFrame.from_ndarray(frame, format="rgb24").reformat(
        format="yuv420p",
        src_colorspace=Colorspace.ITU709,
        dst_colorspace=Colorspace.ITU709,
        src_color_range=ColorRange.JPEG,
        dst_color_range=ColorRange.MPEG,
        interpolation=Interpolation.BICUBIC | Interpolation.ACCURATE_RND,
    )
    picture.pts, picture.time_base = index, 1 / rate
    return picture


def _copy(packet: AnyPacket) -> AnyPacket:
    twin = cast("AnyPacket", Packet(bytes(packet)))
    twin.pts, twin.dts, twin.duration = packet.pts, packet.dts, packet.duration
    twin.time_base, twin.is_keyframe = packet.time_base, packet.is_keyframe
    return twin


def _files_in(folder: Path) -> Iterator[EncodedFile]:
    yield EncodedFile("mp4", folder / MP4_NAME, "video/mp4")
    yield EncodedFile("hls_playlist", folder / PLAYLIST_NAME, "application/vnd.apple.mpegurl")
    yield EncodedFile("hls_init", folder / INIT_NAME, "video/mp4")
    for segment in sorted(folder.glob("segment-*.m4s")):
        yield EncodedFile("hls_segment", segment, "video/iso.segment")
    yield EncodedFile("poster", folder / POSTER_NAME, "image/webp")
    yield EncodedFile("spritesheet", folder / SPRITESHEET_NAME, "image/jpeg")


def _checked_rate(frames_per_second: float) -> Fraction:
    if not 0 < frames_per_second <= LARGEST_RATE:
        raise UnableToEncode(f"A video has 0 to {LARGEST_RATE} frames a second.")
    # 1001 is the denominator of the television rates: 23.976 is 24000/1001.
    return Fraction(frames_per_second).limit_denominator(1001)


def _check_size(width: int, height: int) -> None:
    sides_fit = all(SMALLEST_SIDE <= side <= LARGEST_SIDE for side in (width, height))
    if not sides_fit or width % 2 or height % 2:
        raise UnableToEncode(
            f"Sides are even and {SMALLEST_SIDE} to {LARGEST_SIDE}, not {width}x{height}."
        )


@contextmanager
def _as_unencodable() -> Iterator[None]:
    try:
        yield
    except (av.error.FFmpegError, OSError) as error:
        raise UnableToEncode("The encoder gave up on these frames.") from error
