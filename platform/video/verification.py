"""What a copy of unknown origin says of itself: manifest, `AIGC` key and watermark.

The file is opened in a process of its own (`video.intake`); here only plain pixels arrive.
"""

import tempfile
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from itertools import islice
from pathlib import Path
from time import monotonic
from typing import Literal

from video.decoding import Bounds
from video.detection import WatermarkReading, detect
from video.frames import Frame
from video.intake import (
    Allowance,
    Intake,
    ManifestFacts,
    examine,
    examine_picture,
    pictures_of,
)
from video.stills import is_picture
from video.watermark import WatermarkKey

LONGEST_SECONDS = 180.0
PICTURES_PER_SECOND = 4
MOST_PICTURES = 40
PATIENCE_SECONDS = 15.0
HEAD_BYTES = 16


def _allowance() -> Allowance:
    bounds = Bounds(max_seconds=LONGEST_SECONDS)
    return Allowance(bounds=bounds, memory_bytes=2 << 30, cpu_seconds=60, silence_seconds=20.0)


@dataclass(frozen=True)
class Look:
    """What was found in one file."""

    kind: Literal["video", "picture"]
    manifest: ManifestFacts
    aigc: Mapping[str, str] | None
    watermark: WatermarkReading | None


@dataclass(frozen=True)
class Looker:
    """Looks at files with the keys and the root certificate of one deployment."""

    keys: Sequence[WatermarkKey]
    root_certificate_pem: bytes
    allowance: Allowance = field(default_factory=_allowance)

    def look(self, path: Path) -> Look:
        """What the video or picture at `path` says of itself.

        Up to 40 pictures, four a second, are searched for the watermark, as many as can be
        decoded in 15 seconds.  Raises UnableToTakeVideo for what can not be opened.
        """
        with path.open("rb") as file:
            head = file.read(HEAD_BYTES)
        return self._look_at_picture(path) if is_picture(head) else self._look_at_video(path)

    def _look_at_picture(self, path: Path) -> Look:
        taken = examine_picture(
            path, root_certificate_pem=self.root_certificate_pem, allowance=self.allowance
        )
        found = detect([taken.frame], self.keys)
        return Look("picture", manifest=taken.manifest, aigc=taken.aigc, watermark=found)

    def _look_at_video(self, path: Path) -> Look:
        with tempfile.TemporaryDirectory(dir=path.parent) as folder:
            taken = examine(
                path,
                folder=Path(folder),
                root_certificate_pem=self.root_certificate_pem,
                allowance=self.allowance,
            )
        found = detect(self._pictures(taken), self.keys)
        return Look("video", manifest=taken.manifest, aigc=taken.aigc, watermark=found)

    def _pictures(self, taken: Intake) -> Iterator[Frame]:
        every = max(1, round(taken.frames_per_second / PICTURES_PER_SECOND))
        until = monotonic() + PATIENCE_SECONDS
        for frame in islice(
            pictures_of(taken, allowance=self.allowance, every=every), MOST_PICTURES
        ):
            yield frame
            if monotonic() > until:
                return
