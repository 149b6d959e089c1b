"""Processes of a supervisor that was itself killed: recorded while alive, ended at next start."""

import json
import signal
from collections.abc import Iterable
from pathlib import Path
from typing import TypedDict

import psutil

from common.embedded.process import signal_group

SAME_START_SECONDS = 2.0
GRACE_SECONDS = 10.0


class Record(TypedDict):
    """A process by number and start (Unix time): numbers alone are used again."""

    name: str
    pid: int
    started_at: float
    stop_signal: int


def record_of(name: str, *, pid: int, stop_signal: signal.Signals) -> Record | None:
    """The record of a process that lives now."""
    try:
        started_at = psutil.Process(pid).create_time()
    except psutil.NoSuchProcess:
        return None
    return Record(name=name, pid=pid, started_at=started_at, stop_signal=int(stop_signal))


def write_records(path: Path, records: Iterable[Record]) -> None:
    """Replace the file in one step, so that a reader never sees half of it."""
    fresh = path.with_suffix(".new")
    fresh.write_text(json.dumps(list(records)), encoding="utf-8")
    fresh.replace(path)


def read_records(path: Path) -> list[Record]:
    """What was last written; nothing if nothing, or nothing readable, was."""
    try:
        records: list[Record] = json.loads(path.read_text(encoding="utf-8"))
    except (FileNotFoundError, ValueError):
        return []
    return records


def end_leftovers(path: Path) -> list[str]:
    """End every recorded process that still lives; their names.  Call it holding the lock."""
    alive = [(record, process) for record in read_records(path) if (process := _process(record))]
    for record, process in alive:
        process.send_signal(record["stop_signal"])
    _, stubborn = psutil.wait_procs([process for _, process in alive], timeout=GRACE_SECONDS)
    for process in stubborn:
        process.kill()
    for record in read_records(path):
        if record in [left for left, _ in alive]:
            signal_group(record["pid"], signal.SIGKILL)
    path.unlink(missing_ok=True)
    return [record["name"] for record, _ in alive]


def _process(record: Record) -> psutil.Process | None:
    try:
        process = psutil.Process(record["pid"])
        same = abs(process.create_time() - record["started_at"]) < SAME_START_SECONDS
    except psutil.NoSuchProcess:
        return None
    return process if same and process.status() != psutil.STATUS_ZOMBIE else None
