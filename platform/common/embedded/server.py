"""What an embedded server is to whoever runs it: the supervisor, or a test session."""

import signal
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Protocol

from common.embedded.process import Account, UnableToStart, spawn, stop, until

START_SECONDS = 60
STOP_SECONDS = 20
SHOWN_LOG_CHARACTERS = 2000


class EmbeddedServer(Protocol):
    """A server program from a wheel, run in the foreground on a Unix socket."""

    name: str
    stop_signal: signal.Signals
    account: Account | None

    def prepare(self) -> None:
        """Make its folders and first files; safe to repeat."""

    def command(self) -> list[str]:
        """The command line that serves in the foreground."""

    def is_ready(self) -> bool:
        """Whether it answers now."""

    def complete(self) -> None:
        """What must be there once it answers (a database, say); safe to repeat."""


@contextmanager
def running(server: EmbeddedServer, *, log: Path) -> Iterator[None]:
    """Run `server` for the length of the block, its output in `log`.

    Raises UnableToStart with the end of the log when it does not come up.
    """
    server.prepare()
    with log.open("wb") as output:
        process = spawn(
            server.command(),
            output=output,
            account=server.account,
            orphan_signal=server.stop_signal,
        )
    try:
        if not until(
            lambda: server.is_ready() or process.poll() is not None, seconds=START_SECONDS
        ):
            raise UnableToStart(f"{server.name} does not answer.\n{_end_of(log)}")
        if process.poll() is not None:
            raise UnableToStart(f"{server.name} ended at once.\n{_end_of(log)}")
        server.complete()
        yield
    finally:
        stop(process, stop_signal=server.stop_signal, grace_seconds=STOP_SECONDS)


def _end_of(log: Path) -> str:
    return log.read_text(errors="replace")[-SHOWN_LOG_CHARACTERS:]
