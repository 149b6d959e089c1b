"""Frame detectors in processes of their own, so that one that hangs can really be cut off."""

import atexit
import json
import os
import subprocess
import sys
from collections import defaultdict
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import replace
from multiprocessing import Pipe
from pathlib import Path
from time import monotonic
from typing import Any, TypeVar

from common.errors import Unavailable
from moderation.classifiers.child import HASHES
from moderation.classifiers.hashing import HASHED_FRAMES, FrameHash
from moderation.classifiers.port import Finding

CHILD = "moderation.classifiers.child"
LARGEST_ANSWER_BYTES = 2 << 20
LONGEST_WAIT_SECONDS = 1.0

Answer = TypeVar("Answer")


class UnableToCheckFrames(Unavailable):
    """The detector failed, died, or took too long: nothing is known about the video."""


class VideoUnreadable(UnableToCheckFrames):
    """The file is no video that can be decoded; the detector is not to blame."""


def check_frames(
    video: Path,
    *,
    detector: str,
    count: int,
    timeout_seconds: float,
    while_waiting: Callable[[], None] = lambda: None,
) -> list[Finding]:
    """What the detector at the dotted path says of `count` frames of the MP4 at `video`.

    The evidence of each finding has the frames' times, `seconds`.  The process is kept for the next
    video while it behaves.  `while_waiting` is called at least once a second; what it raises ends
    the check.  Raises UnableToCheckFrames, at the latest after `timeout_seconds`, and by then the
    process is gone.
    """
    request = {"video": str(video), "count": count, "seconds": timeout_seconds}
    return _asked(detector, request, read=_findings, while_waiting=while_waiting)


def hash_video(
    video: Path,
    *,
    is_for_ban: bool = False,
    timeout_seconds: float,
    while_waiting: Callable[[], None] = lambda: None,
) -> list[FrameHash]:
    """The hashes of some frames of the MP4, or all that a ban of it puts in the bank.

    In a process of its own, as in `check_frames`.  Raises UnableToCheckFrames.
    """
    request = {
        "video": str(video),
        "count": HASHED_FRAMES,
        "is_for_ban": is_for_ban,
        "seconds": timeout_seconds,
    }
    return _asked(HASHES, request, read=_hashes, while_waiting=while_waiting)


def _asked(
    worker: str,
    request: dict[str, Any],
    *,
    read: Callable[[dict[str, Any]], Answer],
    while_waiting: Callable[[], None],
) -> Answer:
    child = _idle_child(worker) or _Child(worker)
    try:
        answer = child.ask(request, timeout_seconds=request["seconds"], while_waiting=while_waiting)
        said = read(answer)
    except VideoUnreadable:
        _idle[worker].append(child)
        raise
    except BaseException:
        child.stop()
        raise
    _idle[worker].append(child)
    return said


def stop_idle() -> None:
    """End the processes that are kept for the next video."""
    while _idle:
        for child in _idle.popitem()[1]:
            child.stop()


class _Child:
    """One running detector process and the connection to it."""

    def __init__(self, detector: str) -> None:
        self._connection, theirs = Pipe()
        with theirs:
            self._process = subprocess.Popen(  # noqa: S603 - our own module
                [sys.executable, "-P", "-m", CHILD, str(theirs.fileno()), detector],
                pass_fds=[theirs.fileno()],
                stdin=subprocess.DEVNULL,
                env={
                    **os.environ,
                    "PYTHONPATH": os.pathsep.join(filter(None, sys.path)),
                    "OMP_NUM_THREADS": "1",
                },
            )

    def ask(
        self,
        request: dict[str, Any],
        *,
        timeout_seconds: float,
        while_waiting: Callable[[], None],
    ) -> dict[str, Any]:
        deadline = monotonic() + timeout_seconds
        try:
            self._connection.send_bytes(json.dumps(request).encode())
            while (left := deadline - monotonic()) > 0:
                if self._connection.poll(min(left, LONGEST_WAIT_SECONDS)):
                    answer = self._connection.recv_bytes(LARGEST_ANSWER_BYTES)
                    return dict(json.loads(answer))
                while_waiting()
        except (EOFError, OSError, ValueError) as error:
            raise UnableToCheckFrames("The detector's process ended without an answer.") from error
        raise UnableToCheckFrames(f"The detector did not answer within {timeout_seconds:g} s.")

    def stop(self) -> None:
        self._connection.close()
        self._process.kill()
        self._process.wait()


def _idle_child(detector: str) -> _Child | None:
    try:
        return _idle[detector].pop()
    except IndexError:
        return None


def _findings(answer: dict[str, Any]) -> list[Finding]:
    with _as_nonsense(answer):
        seconds = answer["seconds"]
        findings = [Finding(**finding) for finding in answer["findings"]]
        return [
            replace(finding, evidence={**finding.evidence, "seconds": seconds})
            for finding in findings
        ]


def _hashes(answer: dict[str, Any]) -> list[FrameHash]:
    with _as_nonsense(answer):
        return [FrameHash(**found) for found in answer["hashes"]]


@contextmanager
def _as_nonsense(answer: dict[str, Any]) -> Iterator[None]:
    if "unreadable" in answer:
        raise VideoUnreadable(f"The video can not be read: {answer['unreadable']}")
    if "error" in answer:
        raise UnableToCheckFrames(f"The detector failed: {answer['error']}")
    try:
        yield
    except (KeyError, TypeError) as error:
        raise UnableToCheckFrames("The detector's answer makes no sense.") from error


_idle: defaultdict[str, list[_Child]] = defaultdict(list)

atexit.register(stop_idle)
# A forked process must not talk to its parent's detectors.
os.register_at_fork(after_in_child=_idle.clear)
