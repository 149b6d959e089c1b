"""Sound as plain samples: 16-bit little-endian, two channels side by side, 48,000 a second."""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from fractions import Fraction
from pathlib import Path
from typing import BinaryIO

import numpy as np
from av.audio.frame import AudioFrame

from video.frames import Frame

RATE = 48_000
CHANNELS = 2
SAMPLE_BYTES = 2
FRAME_SAMPLES = 1024
"""What AAC takes at once."""


@dataclass(frozen=True)
class Footage:
    """Pictures that come one at a time, and the file with their sound, if they have any."""

    pictures: Iterable[Frame]
    sound: Path | None = None


def samples_until(source: BinaryIO, *, seconds: Fraction) -> Iterator[AudioFrame]:
    """The sound from where `source` stands until `seconds` from its beginning, piece by piece."""
    step = CHANNELS * SAMPLE_BYTES
    end = int(seconds * RATE) * step
    while (at := source.tell()) < end:
        content = source.read(min(FRAME_SAMPLES * step, end - at))
        if len(content) < step:
            return
        whole = np.frombuffer(content[: len(content) // step * step], dtype="<i2")
        frame = AudioFrame.from_ndarray(whole.reshape(1, -1), format="s16", layout="stereo")
        frame.sample_rate, frame.time_base = RATE, Fraction(1, RATE)
        frame.pts = at // step
        yield frame
