"""Video files as people's cameras and other people's programs write them."""

from collections.abc import Mapping
from fractions import Fraction
from pathlib import Path
from typing import TYPE_CHECKING, cast

import av
import numpy as np
from av.audio.stream import AudioStream
from av.container import OutputContainer

from video.frames import Frame

if TYPE_CHECKING:
    from av.video.stream import VideoStream

RED, BLUE, GREEN = (210, 40, 40), (40, 60, 210), (40, 200, 60)
SOUND_RATE = 48_000
TONE_HERTZ = 440


def picture(number: int, *, width: int, height: int) -> Frame:
    """Red above, blue below, and a green bar that goes to the right."""
    frame = np.empty((height, width, 3), np.uint8)
    frame[: height // 2], frame[height // 2 :] = RED, BLUE
    left = number * 4 % width
    frame[:, left : left + width // 10] = GREEN
    return frame


def film(
    path: Path,
    *,
    size: tuple[int, int] = (180, 320),
    seconds: float = 1.0,
    rate: int | Fraction = 16,
    codecs: tuple[str, str | None] = ("libx264", "aac"),
    metadata: Mapping[str, str] | None = None,
    turned: int = 0,
) -> Path:
    """A film at `path`; what it is follows from the name, the tone in it is 440 Hz."""
    options = {} if path.suffix == ".webm" else {"movflags": "+faststart+use_metadata_tags"}
    with av.open(str(path), "w", options=options) as container:
        container.metadata.update(metadata or {})
        pictures = cast("VideoStream", container.add_stream(codecs[0], rate=rate))
        pictures.width, pictures.height = size
        pictures.pix_fmt = "yuv420p"
        if turned:
            pictures.set_display_rotation(turned)
        sound = _sound_stream(container, codecs[1])
        for number in range(round(seconds * rate)):
            frame = picture(number, width=size[0], height=size[1])
            container.mux(pictures.encode(av.VideoFrame.from_ndarray(frame, format="rgb24")))
        container.mux(pictures.encode(None))
        if sound is not None:
            container.mux([*sound.encode(_tone(seconds)), *sound.encode(None)])
    return path


def _sound_stream(container: OutputContainer, codec: str | None) -> AudioStream | None:
    if codec is None:
        return None
    return cast("AudioStream", container.add_stream(codec, rate=SOUND_RATE, layout="stereo"))


def _tone(seconds: float) -> av.AudioFrame:
    times = np.arange(round(seconds * SOUND_RATE)) / SOUND_RATE
    wave = (np.sin(2 * np.pi * TONE_HERTZ * times) * 12_000).astype(np.int16)
    both = np.stack([wave, wave], axis=1).reshape(1, -1)
    frame = av.AudioFrame.from_ndarray(both, format="s16", layout="stereo")
    frame.sample_rate, frame.pts = SOUND_RATE, 0
    return frame


def loudest_tone(path: Path) -> int:
    """The strongest frequency in a file's sound, in tens of hertz."""
    with av.open(str(path)) as container:
        left = np.concatenate([frame.to_ndarray()[0] for frame in container.decode(audio=0)])
    return round(np.abs(np.fft.rfft(left)).argmax() * SOUND_RATE / len(left) / 10) * 10
