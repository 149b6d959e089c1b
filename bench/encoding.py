"""Our encode beside `diffusers.utils.export_to_video`: wall time and peak memory, in one run.

16 frames of 720 by 1280.  Ours writes MP4, HLS, poster and spritesheet; the reference one MP4.  The
reference gets uint8 pictures, its cheapest input.  Each side runs in a process of its own, watched
from outside: memory is the highest resident set of that process and its children, less what it
held when its frames and libraries were loaded.
"""

import json
import shutil
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import numpy as np
import psutil
from numpy.typing import NDArray

ROOT = Path(__file__).resolve().parent.parent
FRAMES, WIDTH, HEIGHT, RATE = 16, 720, 1280, 8
REPEATS = 7
MEBIBYTE = 1 << 20
SAMPLE_SECONDS = 0.002


@dataclass(frozen=True)
class Row:
    """One comparison; `ratio` is ours ÷ reference, so below 1 is better."""

    name: str
    ours: float
    reference: float
    unit: str

    @property
    def ratio(self) -> float:
        """Ours ÷ reference."""
        return self.ours / self.reference


@dataclass(frozen=True)
class Measure:
    """What one side took: median wall time of its runs, and its peak memory."""

    wall_seconds: float
    peak_mebibytes: float


def measure() -> list[Row]:
    """Encode, and the whole production, against the reference."""
    reference, encode, production = (_watched(side) for side in SIDES)
    wall, peak = reference.wall_seconds, reference.peak_mebibytes
    return [
        Row("encode, wall", encode.wall_seconds, wall, "s"),
        Row("encode, peak memory", encode.peak_mebibytes, peak, "MiB"),
        Row("fit + label + encode + sign, wall", production.wall_seconds, wall, "s"),
        Row("fit + label + encode + sign, peak memory", production.peak_mebibytes, peak, "MiB"),
    ]


def _watched(side: str) -> Measure:
    command = [sys.executable, __file__, side]
    with subprocess.Popen(command, stdin=-1, stdout=-1, text=True) as worker:  # noqa: S603
        assert worker.stdin is not None and worker.stdout is not None  # noqa: S101
        worker.stdout.readline()
        tree = psutil.Process(worker.pid)
        before = peak = _resident(tree)
        worker.stdin.write("go\n")
        worker.stdin.flush()
        while worker.poll() is None:
            peak = max(peak, _resident(tree))
            time.sleep(SAMPLE_SECONDS)
        walls = json.loads(worker.stdout.readline())
    return Measure(statistics.median(walls), (peak - before) / MEBIBYTE)


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
    from diffusers.utils.export_utils import export_to_video  # noqa: PLC0415 - this side's process only
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


def _work(side: str) -> None:
    sys.path.insert(0, str(ROOT / "platform"))
    run = SIDES[side]()
    print("ready", flush=True)
    sys.stdin.readline()
    print(json.dumps([_timed(run) for _ in range(REPEATS)]), flush=True)


def _timed(run: Callable[[Path], object]) -> float:
    folder = Path(tempfile.mkdtemp())
    try:
        started = time.perf_counter()
        run(folder)
        return time.perf_counter() - started
    finally:
        shutil.rmtree(folder)


if __name__ == "__main__":
    if len(sys.argv) > 1:
        _work(sys.argv[1])
    else:
        for row in measure():
            print(f"{row.name}: {row.ours:.3f} / {row.reference:.3f} {row.unit} = {row.ratio:.2f}")
