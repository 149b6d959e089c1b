"""Small real videos, and as many different files of each as are wanted."""

import struct
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from clips.models import Rendition
from common.objects import store
from video.encoding import EncodedFile, encode

WIDTH, HEIGHT, FRAMES, RATE = 96, 128, 16, 8


@dataclass(frozen=True)
class Film:
    """The files of one video."""

    name: str
    files: Sequence[EncodedFile]
    duration_seconds: float

    def renditions(self) -> list[Rendition]:
        """Unsaved rows of the film's stored files."""
        return [_stored(file, file.path) for file in self.files]

    def marked_mp4(self, mark: str, *, folder: Path) -> Rendition:
        """The same MP4 ending in `mark`: the same pictures, and a file of its own."""
        mp4 = next(file for file in self.files if file.kind == "mp4")
        path = folder / "marked.mp4"
        # A `free` box: players and decoders step over it.
        box = struct.pack(">I4s", 8 + len(mark), b"free") + mark.encode()
        path.write_bytes(mp4.path.read_bytes() + box)
        return _stored(mp4, path)


def make_film(name: str, *, seed: int, folder: Path) -> Film:
    """Coloured blocks that wander, different for every seed."""
    random = np.random.default_rng(seed)
    blocks = random.integers(0, 256, (HEIGHT // 16, WIDTH // 16, 3), dtype=np.uint8)
    still = np.kron(blocks, np.ones((16, 16, 1), dtype=np.uint8))
    frames = np.stack([np.roll(still, 2 * step, axis=1) for step in range(FRAMES)])
    made = encode(frames, frames_per_second=RATE, width=WIDTH, height=HEIGHT, folder=folder)
    return Film(name, made.files, made.duration_seconds)


def _stored(file: EncodedFile, path: Path) -> Rendition:
    stored = store().put_file(path, content_type=file.content_type)
    return Rendition(
        kind=file.kind,
        name=file.name,
        digest=stored.key,
        size_bytes=stored.size_bytes,
        content_type=file.content_type,
    )
