"""Our encode beside `diffusers.utils.export_to_video`: wall time and peak memory."""

import shutil
import statistics
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from threading import Event, Thread
from typing import Any

import numpy as np
import psutil
from numpy.typing import NDArray

from bench.rows import Reading, Row
from bench.sides import Side, serve, side

FRAMES, WIDTH, HEIGHT, RATE = 16, 720, 1280, 8
TIMED_ROUNDS, WATCHED_ROUNDS = 9, 3
MEBIBYTE = 1 << 20
SAMPLE_SECONDS = 0.002

READING = Reading(
    title="Encoding",
    how=(
        f"{FRAMES} frames of {WIDTH} by {HEIGHT} (gradients, grain and a moving block), the same "
        "on every side. Each side is a process of its own that has loaded its libraries; the "
        f"sides take turns for {TIMED_ROUNDS} rounds, and the medians are compared. Memory comes "
        f"from {WATCHED_ROUNDS} further rounds watched from outside: the highest resident set of "
        "the process and its children, less what it held before its first round. The reference "
        "gets uint8 pictures, its cheapest input, and writes one MP4 through imageio and an "
        "ffmpeg program. *Encode* writes MP4, HLS, poster and spritesheet of the same frames. "
        "*The whole production* starts from 64 by 64 frames, as an engine makes them, and also "
        "scales them, draws the label, signs three files and reads every mark back."
    ),
    means="What writing four kinds of files in one pass costs beside writing one.",
    means_not=(
        "The MP4s are not the same: ours is x264 veryfast at crf 21 in BT.709, the reference's is "
        "what imageio's quality 5 gives, so neither size nor picture quality is compared. Sixteen "
        "frames are short, so fixed costs weigh more than in a long clip. Memory is sampled every "
        "few milliseconds and can miss a shorter peak."
    ),
)


@dataclass
class Taken:
    """What one side took: the wall time of each round, and its peak memory."""

    wall_seconds: list[float] = field(default_factory=list)
    peak_bytes: int = 0


def measure() -> list[Row]:
    """Encode, and the whole production, against the reference."""
    with ExitStack() as stack:
        sides = {name: stack.enter_context(side("bench.encoding", name)) for name in SIDES}
        taken = _taken(sides)
    walls = {name: statistics.median(one.wall_seconds) for name, one in taken.items()}
    peaks = {name: one.peak_bytes / MEBIBYTE for name, one in taken.items()}
    return [
        Row("Encode: wall time", walls["encode"], walls["reference"], "s"),
        Row("Encode: peak memory", peaks["encode"], peaks["reference"], "MiB"),
        Row("The whole production: wall time", walls["production"], walls["reference"], "s"),
        Row("The whole production: peak memory", peaks["production"], peaks["reference"], "MiB"),
    ]


def _taken(sides: dict[str, Side]) -> dict[str, Taken]:
    taken = {name: Taken() for name in sides}
    before = {name: _resident(psutil.Process(one.pid)) for name, one in sides.items()}
    for _ in range(TIMED_ROUNDS):
        for name, one in sides.items():
            taken[name].wall_seconds.append(one.ask("go"))
    for _ in range(WATCHED_ROUNDS):
        for name, one in sides.items():
            with _watched(one.pid) as seen:
                one.ask("go")
            taken[name].peak_bytes = max(taken[name].peak_bytes, max(seen) - before[name])
    return taken


@contextmanager
def _watched(pid: int) -> Iterator[list[int]]:
    """The resident bytes of a process and its children, again and again during the block."""
    tree, is_over = psutil.Process(pid), Event()
    seen = [_resident(tree)]

    def watch() -> None:
        while not is_over.wait(SAMPLE_SECONDS):
            seen.append(_resident(tree))

    watcher = Thread(target=watch)
    watcher.start()
    try:
        yield seen
    finally:
        is_over.set()
        watcher.join()


def _resident(tree: psutil.Process) -> int:
    total = 0
    try:
        for process in [tree, *tree.children(recursive=True)]:
            total += process.memory_info().rss
    except psutil.NoSuchProcess:
        pass
    return total


def _frames(width: int = WIDTH, height: int = HEIGHT) -> NDArray[np.uint8]:
    rows, columns = np.mgrid[0:height, 0:width]
    frames = np.empty((FRAMES, height, width, 3), dtype=np.uint8)
    grain = np.random.default_rng(1).integers(0, 24, (height, width), dtype=np.uint8)
    for index, frame in enumerate(frames):
        frame[..., 0] = (rows + 12 * index) * 230 // (height + 12 * FRAMES) + grain
        frame[..., 1] = columns * 230 // width + grain
        frame[..., 2] = 60
        left = index * width // (2 * FRAMES)
        frame[height // 3 : height // 2, left : left + width // 3] = (230, 40, 60)
    return frames


def _reference() -> Callable[[Path], object]:
    from diffusers.utils.export_utils import export_to_video  # noqa: PLC0415 - this side only
    from PIL import Image  # noqa: PLC0415

    pictures = [Image.fromarray(frame) for frame in _frames()]
    return lambda folder: export_to_video(pictures, str(folder / "video.mp4"), fps=RATE)


def _encode() -> Callable[[Path], object]:
    from video.encoding import encode  # noqa: PLC0415

    frames = _frames()
    size: dict[str, Any] = {"width": WIDTH, "height": HEIGHT, "frames_per_second": RATE}
    return lambda folder: encode(frames, folder=folder, **size)


def _production() -> Callable[[Path], object]:
    from video.production import produce  # noqa: PLC0415
    from video.provenance import Claim, ensure_authority  # noqa: PLC0415

    frames, now = _frames(width=64, height=64), datetime.now(UTC)
    with tempfile.TemporaryDirectory() as folder:
        authority = ensure_authority(Path(folder), now=now)
    asked: dict[str, Any] = {
        "width": WIDTH,
        "height": HEIGHT,
        "frames_per_second": RATE,
        "authority": authority,
        "claim": Claim("video_bench", "Benchmark", "none", "0", now),
    }
    return lambda folder: produce(frames, folder=folder, **asked)


SIDES = {"reference": _reference, "encode": _encode, "production": _production}


def _timed(run: Callable[[Path], object]) -> float:
    folder = Path(tempfile.mkdtemp())
    try:
        started = time.perf_counter()
        run(folder)
        return time.perf_counter() - started
    finally:
        shutil.rmtree(folder)


if __name__ == "__main__":
    work = SIDES[sys.argv[1]]()
    serve(lambda _task: _timed(work))
