"""A whole installation in processes of its own, started the way a person starts it."""

import os
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import psutil

from common.embedded.locations import ROOT, Locations
from common.embedded.process import signal_group, spawn, until
from config.supervision.leftovers import read_records
from config.supervision.readiness import is_healthy

HOST = "127.0.0.1"
NOT_INHERITED = {"DATABASE_URL", "VALKEY_URL", "REVERIE_DATA", "PORT", "HOST", "REVERIE_URL"}
START_SECONDS = 120.0
RECOVERY_SECONDS = 60.0


@dataclass
class Reverie:
    """A running `manage.py up`.

    Children go by the names of `config.supervision.roster`: `postgres`, `valkey`, `web server`,
    `CPU worker`, `upload worker`, `render worker`, `beat`.
    """

    here: Locations
    port: int
    output: Path
    process: subprocess.Popen[bytes]

    @property
    def url(self) -> str:
        """Where its pages are."""
        return f"http://{HOST}:{self.port}"

    @property
    def pids(self) -> dict[str, int]:
        """The present process of each child."""
        records = read_records(self.here.run / "processes.json")
        return {record["name"]: record["pid"] for record in records}

    @property
    def said(self) -> str:
        """All it has printed."""
        return self.output.read_text()

    @property
    def is_healthy(self) -> bool:
        """Whether its web server answers."""
        return is_healthy(HOST, self.port)

    def kill(self, name: str, *, seconds: float = RECOVERY_SECONDS) -> None:
        """Kill a child with SIGKILL and wait until the supervisor has started it again."""
        before = self.pids[name]
        os.kill(before, signal.SIGKILL)
        assert until(lambda: self.pids.get(name, before) != before, seconds=seconds), self.said

    def wait_for(self, condition: Callable[[], bool], *, seconds: float) -> float:
        """Wait for `condition`; seconds it took.  Fails the test when it does not come true."""
        begun = time.monotonic()
        came_true = until(condition, seconds=seconds, pause_seconds=0.1)
        assert came_true, f"not so after {seconds} s; up said:\n{self.said}"
        return time.monotonic() - begun

    def descendants(self) -> list[psutil.Process]:
        """Every process below it now."""
        return psutil.Process(self.process.pid).children(recursive=True)

    def command(self, *arguments: str) -> subprocess.CompletedProcess[str]:
        """Run `manage.py` with `arguments` beside it, as from another terminal."""
        return manage(self.here.data, *arguments, port=self.port)

    def stop(self) -> None:
        """SIGTERM, and wait for the orderly end."""
        self.process.terminate()
        self.process.wait(timeout=RECOVERY_SECONDS)


def environment(data: Path, *, port: int, extra: Mapping[str, str] | None = None) -> dict[str, str]:
    """This process's environment, but for another installation."""
    kept = {name: value for name, value in os.environ.items() if name not in NOT_INHERITED}
    return {**kept, "REVERIE_DATA": str(data), "PORT": str(port), **(extra or {})}


def manage(data: Path, *arguments: str, port: int) -> subprocess.CompletedProcess[str]:
    """Run `manage.py` with `arguments` on the data folder `data`, to its end."""
    return subprocess.run(
        [sys.executable, str(ROOT / "manage.py"), *arguments],
        env=environment(data, port=port),
        capture_output=True,
        text=True,
        check=False,
    )


def is_alive(process: psutil.Process) -> bool:
    """Whether it still runs: a zombie has ended, and waits for the init of the machine."""
    try:
        return process.is_running() and process.status() != psutil.STATUS_ZOMBIE
    except psutil.NoSuchProcess:
        return False


def free_port() -> int:
    """A port nobody listens on just now."""
    with socket.socket() as probe:
        probe.bind((HOST, 0))
        return int(probe.getsockname()[1])


@contextmanager
def running_up(
    data: Path,
    *arguments: str,
    port: int | None = None,
    extra: Mapping[str, str] | None = None,
) -> Iterator[Reverie]:
    """`manage.py up` on the data folder `data`, stopped at the end if it still runs."""
    port = port or free_port()
    output = data.parent / f"{data.name}.up.log"
    with output.open("wb") as file:
        process = spawn(
            [sys.executable, str(ROOT / "manage.py"), "up", *arguments],
            output=file,
            environ=environment(data, port=port, extra=extra),
        )
    reverie = Reverie(here=Locations(data), port=port, output=output, process=process)
    try:
        reverie.wait_for(lambda: _is_decided(reverie), seconds=START_SECONDS)
        assert process.poll() is None, reverie.said
        yield reverie
    finally:
        if process.poll() is None:
            reverie.stop()
        signal_group(process.pid, signal.SIGKILL)


def _is_decided(reverie: Reverie) -> bool:
    return "Reverie is up" in reverie.said or reverie.process.poll() is not None
