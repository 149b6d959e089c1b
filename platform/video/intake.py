"""A stranger's video, opened in a process of its own that is cut off when it takes too much."""

import json
import os
import select
import subprocess
import sys
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import asdict, dataclass, field
from fractions import Fraction
from pathlib import Path
from time import monotonic
from typing import Any

import numpy as np

from video.decoding import Bounds, Examination, UnableToTakeVideo
from video.frames import CHANNELS, Frame
from video.intake_child import FOUND, HEADER, PICTURE, WRONG

CHILD = "video.intake_child"
LONGEST_SIDE, SHORTEST_SIDE = 1280, 720
LONGEST_RECORD_BYTES = 64 << 20
LOOK_SECONDS = 1.0
PASSED_ON = ("PATH", "LANG", "LD_LIBRARY_PATH", "SYSTEMROOT", "TMPDIR")


@dataclass(frozen=True)
class Allowance:
    """What one look at one file may cost."""

    bounds: Bounds = field(default_factory=Bounds)
    memory_bytes: int = 3 << 30
    cpu_seconds: int = 300
    silence_seconds: float = 60.0


@dataclass(frozen=True)
class ManifestFacts:
    """What the file's C2PA manifest says, and how far to believe it (`video.provenance`)."""

    state: str
    is_ai_generated: bool
    source_type: str
    generator: str
    issuer: str
    video_id: str
    engine: str = ""
    watermark: str = ""
    timestamped_at: str | None = None


@dataclass(frozen=True)
class StillIntake:
    """A stranger's picture, opened: upright, (height, width, 3), its longest side 1280 at most."""

    frame: Frame
    manifest: ManifestFacts
    aigc: Mapping[str, str] | None


@dataclass(frozen=True)
class Intake:
    """A stranger's file after a first look; `sound` is where its samples were put, if it has any.

    `size` (width, height) is the size its video is to have: the aspect kept, both sides even,
    within 1280 by 720 either way.
    """

    path: Path
    examination: Examination
    manifest: ManifestFacts
    aigc: Mapping[str, str] | None
    sound: Path | None

    @property
    def size(self) -> tuple[int, int]:
        """The size its video is to have."""
        return fitted_size(self.examination.width, self.examination.height)

    @property
    def frames_per_second(self) -> Fraction:
        """The steady rate its video is to have."""
        return self.examination.frames_per_second


def fitted_size(width: int, height: int) -> tuple[int, int]:
    """The largest even size of the same aspect within 1280 by 720, never larger than it was."""
    longest, shortest = max(width, height), min(width, height)
    scale = min(1.0, LONGEST_SIDE / longest, SHORTEST_SIDE / shortest)
    return _even(width * scale), _even(height * scale)


def _even(side: float) -> int:
    return max(2, round(side / 2) * 2)


def examine(
    path: Path,
    *,
    folder: Path,
    root_certificate_pem: bytes,
    allowance: Allowance,
    while_waiting: Callable[[], None] = lambda: None,
) -> Intake:
    """A first look at the file at `path`; its sound is written into `folder`.

    `while_waiting` is called at least once a second; what it raises ends the look.
    Raises UnableToTakeVideo for a file that is not taken, for whatever reason lies in the file.
    """
    sound = folder / "sound.pcm"
    request = {
        "task": "examine",
        "path": str(path),
        "sound_path": str(sound),
        "root_certificate": root_certificate_pem.decode(),
    }
    with _child(request, allowance) as child:
        found = json.loads(child.last(while_waiting))
    examination = Examination(**found["examination"])
    return Intake(
        path=path,
        examination=examination,
        manifest=ManifestFacts(**found["manifest"]),
        aigc=found["aigc"],
        sound=sound if examination.has_sound else None,
    )


def examine_picture(
    path: Path, *, root_certificate_pem: bytes, allowance: Allowance
) -> StillIntake:
    """The JPEG, PNG or WebP at `path`, and what its metadata says.

    Raises UnableToTakeVideo, whatever is wrong with it.
    """
    request = {
        "task": "picture",
        "path": str(path),
        "longest_side": LONGEST_SIDE,
        "root_certificate": root_certificate_pem.decode(),
    }
    with _child(request, allowance) as child:
        [picture], found = child.pictures_and_found()
    return StillIntake(
        frame=np.frombuffer(picture, np.uint8).reshape(found["height"], found["width"], CHANNELS),
        manifest=ManifestFacts(**found["manifest"]),
        aigc=found["aigc"],
    )


def pictures_of(
    intake: Intake,
    *,
    allowance: Allowance,
    every: int = 1,
    while_waiting: Callable[[], None] = lambda: None,
) -> Iterator[Frame]:
    """The video's pictures in step, one at a time, (height, width, 3) uint8; each `every`-th.

    Raises UnableToTakeVideo.
    """
    width, height = intake.size
    request = {
        "task": "pictures",
        "path": str(intake.path),
        "width": width,
        "height": height,
        "rate": str(intake.frames_per_second),
        "every": every,
    }
    with _child(request, allowance) as child:
        for picture in child.pictures(while_waiting):
            yield np.frombuffer(picture, dtype=np.uint8).reshape(height, width, CHANNELS)


class _Child:
    """The running process and what it says."""

    def __init__(self, process: subprocess.Popen[bytes], silence_seconds: float) -> None:
        assert process.stdout is not None  # noqa: S101 - told to the type checker
        self._descriptor = process.stdout.fileno()
        self._silence_seconds = silence_seconds

    def last(self, while_waiting: Callable[[], None]) -> bytes:
        kind, content = self._record(while_waiting)
        if kind != FOUND:
            raise _refusal(content) if kind == WRONG else _cut_off()
        return content

    def pictures_and_found(self) -> tuple[list[bytes], dict[str, Any]]:
        pictures: list[bytes] = []
        while True:
            kind, content = self._record(lambda: None)
            if kind == FOUND:
                return pictures, json.loads(content)
            if kind != PICTURE:
                raise _refusal(content) if kind == WRONG else _cut_off()
            pictures.append(content)

    def pictures(self, while_waiting: Callable[[], None]) -> Iterator[bytes]:
        while True:
            kind, content = self._record(while_waiting)
            if kind == FOUND:
                return
            if kind != PICTURE:
                raise _refusal(content) if kind == WRONG else _cut_off()
            yield content

    def _record(self, while_waiting: Callable[[], None]) -> tuple[bytes, bytes]:
        kind, length = HEADER.unpack(self._exactly(HEADER.size, while_waiting))
        if length > LONGEST_RECORD_BYTES:
            raise _cut_off()
        return kind, self._exactly(length, while_waiting)

    def _exactly(self, length: int, while_waiting: Callable[[], None]) -> bytes:
        content = bytearray(length)
        view, filled = memoryview(content), 0
        silent_until = monotonic() + self._silence_seconds
        while filled < length:
            if not select.select([self._descriptor], [], [], LOOK_SECONDS)[0]:
                while_waiting()
                if monotonic() > silent_until:
                    raise _cut_off()
                continue
            count = os.readv(self._descriptor, [view[filled:]])
            if count == 0:
                raise _cut_off()
            filled += count
        return bytes(content)


@contextmanager
def _child(request: Mapping[str, Any], allowance: Allowance) -> Iterator[_Child]:
    asked = {
        **request,
        "bounds": asdict(allowance.bounds),
        "memory_bytes": allowance.memory_bytes,
        "cpu_seconds": allowance.cpu_seconds,
        "file_bytes": LONGEST_RECORD_BYTES,
    }
    kept = {name: os.environ[name] for name in PASSED_ON if name in os.environ}
    paths = {"PYTHONPATH": os.pathsep.join(filter(None, sys.path)), "OMP_NUM_THREADS": "1"}
    with subprocess.Popen(  # noqa: S603 - our own module
        [sys.executable, "-P", "-m", CHILD, json.dumps(asked)],
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
        env=kept | paths,
        bufsize=0,
    ) as process:
        try:
            yield _Child(process, allowance.silence_seconds)
        finally:
            process.kill()


def _refusal(content: bytes) -> UnableToTakeVideo:
    told = json.loads(content)
    return UnableToTakeVideo(told["message"], code=told["code"])


def _cut_off() -> UnableToTakeVideo:
    return UnableToTakeVideo(
        "The video needs too much time or memory to be opened. Export it again as a plain MP4.",
        code="video_too_costly",
    )
