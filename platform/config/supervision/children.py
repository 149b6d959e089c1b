"""One supervised process: how it is started, and what is known about the running one."""

import os
import signal
import subprocess
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path

from common.embedded.process import Account, signal_group, spawn
from config.supervision.backoff import deaths_in_a_row, pause_seconds


def nothing() -> None:
    """What most children need before they start."""


@dataclass(frozen=True)
class ChildSpec:
    """How a child is started and stopped.

    `orphan_signal` is what the kernel sends it when the supervisor itself dies.  A child that is
    shown writes to our terminal instead of a log; one that runs once is not started again.
    """

    name: str
    command: tuple[str, ...]
    prepare: Callable[[], None] = nothing
    environ: Mapping[str, str] = field(default_factory=dict)
    account: Account | None = None
    stop_signal: signal.Signals = signal.SIGTERM
    orphan_signal: signal.Signals = signal.SIGTERM
    grace_seconds: float = 8.0
    runs_once: bool = False
    is_shown: bool = False


@dataclass
class Child:
    """A spec and its present process.  Times are monotonic seconds, passed in."""

    spec: ChildSpec
    log: Path
    process: subprocess.Popen[bytes]
    started: float
    deaths: int = 0
    restart_due: float | None = None

    @property
    def is_running(self) -> bool:
        """Whether its process lives now."""
        return self.process.poll() is None

    def bury(self, *, now: float) -> float:
        """Note that it died, clear away what it had started; seconds until it may start again."""
        signal_group(self.process.pid, signal.SIGKILL)
        self.deaths = deaths_in_a_row(self.deaths, lived_seconds=now - self.started)
        pause = pause_seconds(self.deaths)
        self.restart_due = now + pause
        return pause

    def restart(self, *, now: float) -> None:
        """Start its process again."""
        self.process = start_process(self.spec, log=self.log)
        self.started, self.restart_due = now, None

    def is_due(self, *, now: float) -> bool:
        """Whether it is down and has waited long enough."""
        return self.restart_due is not None and now >= self.restart_due


def started(spec: ChildSpec, *, log: Path, now: float) -> Child:
    """A child with a running process, its output appended to `log`."""
    return Child(spec=spec, log=log, process=start_process(spec, log=log), started=now)


def start_process(spec: ChildSpec, *, log: Path) -> subprocess.Popen[bytes]:
    """Prepare and spawn.  Raises UnableToStart when the preparation fails."""
    spec.prepare()
    with log.open("ab") as output:
        return spawn(
            spec.command,
            output=None if spec.is_shown else output,
            account=spec.account,
            environ={**os.environ, **spec.environ},
            orphan_signal=spec.orphan_signal,
        )


def ending(returncode: int) -> str:
    """An exit status in words."""
    if returncode >= 0:
        return f"exit status {returncode}"
    return f"killed by {signal.Signals(-returncode).name}"


def last_lines(log: Path, *, count: int) -> list[str]:
    """The end of a log."""
    return log.read_text(errors="replace").splitlines()[-count:]
