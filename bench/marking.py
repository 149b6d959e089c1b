"""What the marks cost beside the encode they ride on."""

import shutil
import statistics
import tempfile
import time
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path

import numpy as np

from bench.films import drawn
from bench.rows import Reading, Row
from video.encoding import encode
from video.production import Marks, produce
from video.provenance import Claim, ensure_authority
from video.watermark import Mark, WatermarkKey, embed

WIDTH, HEIGHT, RATE, ROUNDS = 720, 1280, 8, 5

READING = Reading(
    title="Marking",
    how=(
        f"16 frames of {WIDTH} by {HEIGHT} (a pan over a photograph). The reference is our own "
        "encode of them: MP4, HLS, poster and spritesheet without any mark. *The watermark alone* "
        "is woven into the 16 frames. *Everything with all marks* is the whole production: label, "
        "watermark, encode, AIGC key, three signed files, and reading all of it back. In turns in "
        f"one process, medians of {ROUNDS} rounds."
    ),
    means="How much longer a video takes because it is marked.",
    means_not=(
        "Rendering is not in it, which takes far longer than either on any real model. Reading the "
        "watermark back costs the same for long clips, so its share falls with length."
    ),
)


def measure() -> list[Row]:
    """Marking against encoding."""
    frames = drawn(0, width=WIDTH, height=HEIGHT).frames
    mark = Mark(1, WatermarkKey("bench", b"a secret that is only for measuring"))
    now = datetime.now(UTC)
    with tempfile.TemporaryDirectory() as folder:
        authority = ensure_authority(Path(folder), now=now)

    def plain(folder: Path) -> None:
        encode(frames, frames_per_second=RATE, width=WIDTH, height=HEIGHT, folder=folder)

    def watermark(_folder: Path) -> None:
        np.stack([embed(frame, mark) for frame in frames])

    def everything(folder: Path) -> None:
        produce(
            frames,
            frames_per_second=RATE,
            width=WIDTH,
            height=HEIGHT,
            folder=folder,
            authority=authority,
            claim=Claim("video_bench", "Benchmark", "none", "0", now),
            marks=Marks(watermark=mark),
        )

    sides = {"plain": plain, "watermark": watermark, "everything": everything}
    walls: dict[str, list[float]] = {name: [] for name in sides}
    for _ in range(ROUNDS):
        for name, run in sides.items():
            walls[name].append(_timed(run))
    middle = {name: statistics.median(times) for name, times in walls.items()}
    return [
        Row("The watermark alone", middle["watermark"], middle["plain"], "s"),
        Row("Everything with all marks", middle["everything"], middle["plain"], "s"),
    ]


def _timed(run: Callable[[Path], None]) -> float:
    folder = Path(tempfile.mkdtemp())
    try:
        started = time.perf_counter()
        run(folder)
        return time.perf_counter() - started
    finally:
        shutil.rmtree(folder)
