"""What the gate costs a job: words, pictures, hash bank and marks, beside the job itself."""

import os
import statistics
import sys
import tempfile
import time
from collections.abc import Callable
from contextlib import ExitStack
from datetime import UTC, datetime
from pathlib import Path
from typing import Any
from uuid import UUID

import numpy as np
import psutil

from bench.encoding import FRAMES, HEIGHT, RATE, WIDTH, _frames
from bench.rows import Reading, Row
from bench.sides import Side, serve, side

ROUNDS = 9
PROMPT = "a red fox walks through fresh snow at dusk, soft light, the camera follows"
BANK_SIZE = 100_000
SHORT_JOB_SECONDS, LONG_JOB_SECONDS = 10.0, 60.0
LIMIT_SECONDS = 60.0

STAGES = {
    "words: at the door and before the render": "words",
    "pictures: the default detector": "pictures",
    "hash bank: hashing and a search among 100,000": "bank",
    "marks: label, watermark, signatures, reading back": "marks",
}
PARTS = ("words", "pictures", "bank", "produce", "encode")

READING = Reading(
    title="The gate",
    how=(
        f"One clip of {FRAMES} frames of {WIDTH} by {HEIGHT}, and one prompt. Each stage is called "
        "in a warm process as the workers call it, detectors in processes of their own; the stages "
        f"and the bare pipeline take turns for {ROUNDS} rounds, and the medians are added. *Words* "
        "is the cheap screen at the door and the full one before the render; *marks* is the whole "
        "production less fitting and encoding the same frames. A job is what the pipeline takes "
        "from prompt to frames: 10 s and 60 s are reckoned with, the shipped small model is "
        "measured. The CPU time of all processes of a stage stands beside its name."
    ),
    means="How much longer a clip takes because it is judged and marked.",
    means_not=(
        "The clip is two seconds long: a longer one has more frames to mark, and takes longer to "
        "render too. The stages after the render are added up as if nothing overlapped; the CPU "
        "worker judges while the render worker is at the next job. Plugged-in detectors and remote "
        "endpoints are not in it."
    ),
)


def measure() -> list[Row]:
    """Each stage and their sum, as a share of a job of 10 s, of 60 s, and of the small model's."""
    walls: dict[str, list[float]] = {task: [] for task in (*PARTS, "render")}
    cpus: dict[str, list[float]] = {task: [] for task in PARTS}
    with ExitStack() as stack:
        data = stack.enter_context(tempfile.TemporaryDirectory())
        gate = stack.enter_context(side("bench.gate", environ={**os.environ, "REVERIE_DATA": data}))
        bare = stack.enter_context(side("bench.bare", PROMPT))
        for task in PARTS:
            gate.ask(task)
        bare.ask("encode")
        for _ in range(ROUNDS):
            for task in PARTS:
                before = _cpu_seconds(gate)
                walls[task].append(gate.ask(task))
                cpus[task].append(_cpu_seconds(gate) - before)
            walls["render"].append(bare.ask("encode"))
    return _rows(_medians(walls), _medians(cpus))


def _medians(taken: dict[str, list[float]]) -> dict[str, float]:
    """Of each stage; the marks are the whole production less the same frames encoded."""
    found = {task: statistics.median(times) for task, times in taken.items()}
    return {**found, "marks": found["produce"] - found["encode"]}


def _rows(walls: dict[str, float], cpus: dict[str, float]) -> list[Row]:
    whole = sum(walls[task] for task in STAGES.values())
    cpu = sum(cpus[task] for task in STAGES.values()) * 1000
    rows = [
        Row(f"{name} ({cpus[task] * 1000:.0f} CPU-ms)", walls[task], SHORT_JOB_SECONDS, "s")
        for name, task in STAGES.items()
    ]
    return [
        *rows,
        Row(f"all of it, of a 10 s job ({cpu:.0f} CPU-ms)", whole, SHORT_JOB_SECONDS, "s"),
        Row("all of it, of a 60 s job", whole, LONG_JOB_SECONDS, "s"),
        Row("all of it, beside the small model with our encode", whole, walls["render"], "s"),
    ]


def _cpu_seconds(gate: Side) -> float:
    """What the process and the detectors it keeps have used."""
    top = psutil.Process(gate.pid)
    times = [one.cpu_times() for one in (top, *top.children(recursive=True))]
    return sum(one.user + one.system for one in times)


class Gate:
    """The stages of the gate, warm, and a clip to put through them."""

    def __init__(self, folder: Path) -> None:
        import django  # noqa: PLC0415 - in the side's own process only

        os.environ["DJANGO_SETTINGS_MODULE"] = "config.settings"
        django.setup()
        self._folder = folder
        self._number = 0
        self._small = _frames(width=64, height=64)
        self._produce()
        self._video = next((folder / "1").glob("*.mp4"))
        self._index = _bank()
        self._stages: dict[str, Callable[[], object]] = {
            "words": self._words,
            "pictures": self._pictures,
            "bank": self._bank,
            "produce": self._produce,
            "encode": self._encode,
        }

    def answer(self, task: str) -> float:
        """Seconds of one stage."""
        return _timed(self._stages[task])

    def _words(self) -> None:
        from moderation.enforcement.readers import read_at_door, read_fully  # noqa: PLC0415
        from moderation.services.screens import file_policy  # noqa: PLC0415

        self._number += 1
        texts, policy = {"prompt": f"{PROMPT}, take {self._number}"}, file_policy()
        found = [*read_at_door(texts, policy), *read_fully(texts, policy)]
        assert all(one.score is not None for one in found), found  # noqa: S101

    def _pictures(self) -> None:
        from django.conf import settings  # noqa: PLC0415

        from moderation.classifiers.isolation import check_frames  # noqa: PLC0415
        from moderation.enforcement.frame_checks import FRAME_COUNT  # noqa: PLC0415

        for detector in settings.FRAME_DETECTORS:
            check_frames(
                self._video, detector=detector, count=FRAME_COUNT, timeout_seconds=LIMIT_SECONDS
            )

    def _bank(self) -> None:
        from moderation.classifiers.isolation import hash_video  # noqa: PLC0415

        frames = hash_video(self._video, timeout_seconds=LIMIT_SECONDS)
        assert frames  # noqa: S101
        self._index.matches(frames, digest="00" * 32)

    def _produce(self) -> None:
        from video.production import Marks, produce  # noqa: PLC0415
        from video.provenance import Claim, ensure_authority  # noqa: PLC0415
        from video.watermark import Mark, WatermarkKey  # noqa: PLC0415

        now = datetime.now(UTC)
        self._number += 1
        produce(
            self._small,
            frames_per_second=RATE,
            width=WIDTH,
            height=HEIGHT,
            folder=self._folder / str(self._number),
            authority=ensure_authority(self._folder / "authority", now=now),
            claim=Claim("video_bench", "Benchmark", "none", "0", now),
            marks=Marks(watermark=Mark(self._number, WatermarkKey("bench", bytes(range(32))))),
        )

    def _encode(self) -> None:
        from video.encoding import encode  # noqa: PLC0415
        from video.frames import fit_frames  # noqa: PLC0415

        with tempfile.TemporaryDirectory() as folder:
            encode(
                fit_frames(self._small, width=WIDTH, height=HEIGHT),
                frames_per_second=RATE,
                width=WIDTH,
                height=HEIGHT,
                folder=Path(folder),
            )


def _bank() -> Any:
    """A bank of random hashes, a hundred to a ban."""
    from moderation.classifiers.matching import Banned, HashIndex  # noqa: PLC0415

    random = np.random.default_rng(1)
    hashes = random.integers(0, 2**64, (BANK_SIZE, 4), dtype=np.uint64)
    bans = tuple(Banned(UUID(int=n), "gore", is_pictures=False) for n in range(BANK_SIZE // 100))
    return HashIndex(hashes=hashes, owners=np.arange(BANK_SIZE) // 100, bans=bans)


def _timed(run: Callable[[], object]) -> float:
    started = time.perf_counter()
    run()
    return time.perf_counter() - started


if __name__ == "__main__":
    sys.argv[1:] = []
    with tempfile.TemporaryDirectory() as name:
        serve(Gate(Path(name)).answer)
