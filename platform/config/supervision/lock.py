"""One supervisor for one data folder, kept by the kernel: the lock goes when its holder dies."""

import fcntl
import json
import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from common.errors import Conflict


class AlreadyRunning(Conflict):
    """Another supervisor has this data folder."""


@contextmanager
def only_supervisor(path: Path, *, url: str) -> Iterator[None]:
    """Hold the lock file `path` for the length of the block.

    Raises AlreadyRunning, naming the holder and its address.
    """
    with path.open("a+", encoding="utf-8") as file:
        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            raise AlreadyRunning(_held_by(path)) from None
        file.truncate(0)
        file.write(json.dumps({"pid": os.getpid(), "url": url}))
        file.flush()
        yield
        file.truncate(0)


def _held_by(path: Path) -> str:
    folder = path.parent.parent
    try:
        holder = json.loads(path.read_text(encoding="utf-8"))
    except ValueError:
        return f"Reverie is already starting or stopping with the data in {folder}."
    return (
        f"Reverie is already running with the data in {folder} "
        f"(process {holder['pid']}, {holder['url']}).\n"
        "Stop that one first, or choose another folder with REVERIE_DATA and another PORT."
    )
