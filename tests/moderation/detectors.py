"""Frame detectors that misbehave, each in its own way; plugged in by their dotted path."""

import os
import time
from collections.abc import Sequence
from pathlib import Path

from moderation.classifiers.port import Finding
from video.frames import Frame

VERSION = "1"


def scored(first: float, second: float) -> list[Finding]:
    return [
        Finding("nudity", VERSION, "sexual", first),
        Finding("nudity", VERSION, "sexual_repeated", second),
    ]


class Calm:
    """Finds nothing."""

    def judge(self, frames: Sequence[Frame]) -> list[Finding]:
        assert frames
        return scored(0.01, 0.01)


class Alarmed(Calm):
    """Is sure of it."""

    def judge(self, frames: Sequence[Frame]) -> list[Finding]:
        assert frames
        return scored(0.97, 0.95)


class Unsure(Calm):
    """Has a doubt about one frame."""

    def judge(self, frames: Sequence[Frame]) -> list[Finding]:
        return scored(0.5, 0.1)


class Hanging(Calm):
    """Never answers, and says which process it hangs in."""

    def judge(self, frames: Sequence[Frame]) -> list[Finding]:
        if path := os.environ.get("HANGING_PID_FILE"):
            Path(path).write_text(str(os.getpid()), encoding="ascii")
        while True:
            time.sleep(60)


class Raising(Calm):
    """Fails with an error."""

    def judge(self, frames: Sequence[Frame]) -> list[Finding]:
        raise RuntimeError("out of order")


class Dying(Calm):
    """Takes its process down."""

    def judge(self, frames: Sequence[Frame]) -> list[Finding]:
        os._exit(3)


class Silent(Calm):
    """Answers without a word about the categories it is there for."""

    def judge(self, frames: Sequence[Frame]) -> list[Finding]:
        return []


class Babbling(Calm):
    """Gives a score that is no score."""

    def judge(self, frames: Sequence[Frame]) -> list[Finding]:
        return scored(float("nan"), 0.0)


class Slow(Calm):
    """Takes its time, within the limit."""

    def judge(self, frames: Sequence[Frame]) -> list[Finding]:
        time.sleep(2.5)
        return scored(0.01, 0.01)


MOODS: dict[str, type[Calm]] = {
    one.__name__.lower(): one
    for one in (Calm, Alarmed, Unsure, Hanging, Raising, Dying, Silent, Babbling)
}


class Moody(Calm):
    """Is as the file at MOODY_FILE says, each time anew."""

    def judge(self, frames: Sequence[Frame]) -> list[Finding]:
        mood = Path(os.environ["MOODY_FILE"]).read_text(encoding="ascii")
        return MOODS[mood]().judge(frames)


def missing_model() -> Calm:
    raise FileNotFoundError("There are no weights.")
