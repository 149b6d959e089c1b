"""The process in which one worker looks at videos: `python -m … DESCRIPTOR WORKER`.

A worker is a frame detector by its dotted path, or `HASHES`.  It decodes and judges away from
everything that matters: what hangs, crashes or eats memory here is cut off with the process.
Requests and answers are JSON over the connection it inherits.
"""

import json
import signal
import sys
from dataclasses import asdict
from functools import cache
from multiprocessing.connection import Connection
from pathlib import Path
from typing import Any

from moderation.classifiers.hashing import hash_frames, index_frames
from moderation.classifiers.port import FrameDetector
from moderation.classifiers.registry import load_detector
from video.frames import UnableToReadVideo
from video.sampling import sample_frames

GRACE_SECONDS = 1.0
HASHES = "hashes"
DIGITS = 3


def main(descriptor: str, worker: str) -> None:
    """Answer requests until the other side closes the connection."""
    # Ctrl-C is for the parent to act on; the alarm's default action, done by the kernel, ends this
    # process even inside native code and even when the parent is gone.
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    signal.signal(signal.SIGALRM, signal.SIG_DFL)
    with Connection(int(descriptor)) as connection:
        while (request := _received(connection)) is not None:
            signal.setitimer(signal.ITIMER_REAL, request["seconds"] + GRACE_SECONDS)
            answer = _answer(worker, request)
            signal.setitimer(signal.ITIMER_REAL, 0)
            connection.send_bytes(json.dumps(answer).encode())


def _received(connection: Connection) -> dict[str, Any] | None:
    try:
        request: dict[str, Any] = json.loads(connection.recv_bytes())
    except (EOFError, ConnectionError):
        return None
    return request


def _answer(worker: str, request: dict[str, Any]) -> dict[str, Any]:
    try:
        video = Path(request["video"])
        return _hashed(video, request) if worker == HASHES else _judged(worker, video, request)
    except UnableToReadVideo as error:
        return {"unreadable": error.message}
    except Exception as error:  # noqa: BLE001 - whatever a detector does, it is an answer
        return {"error": f"{type(error).__name__}: {error}"}


def _judged(detector: str, video: Path, request: dict[str, Any]) -> dict[str, Any]:
    samples = sample_frames(video, count=request["count"])
    findings = _detector(detector).judge([sample.frame for sample in samples])
    seconds = [round(sample.seconds, DIGITS) for sample in samples]
    return {"findings": [asdict(finding) for finding in findings], "seconds": seconds}


def _hashed(video: Path, request: dict[str, Any]) -> dict[str, Any]:
    if request["is_for_ban"]:
        return {"hashes": [asdict(found) for found in index_frames(video)]}
    return {"hashes": [asdict(found) for found in hash_frames(video, count=request["count"])]}


@cache
def _detector(path: str) -> FrameDetector:
    return load_detector(path)


if __name__ == "__main__":
    main(*sys.argv[1:])
