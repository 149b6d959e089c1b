"""Child processes that never outlive this one."""

import ctypes
import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import IO

from common.errors import Unavailable

PR_SET_PDEATHSIG = 1
QUIET_FOLDER = "/"
SHOWN_OUTPUT_CHARACTERS = 2000


@dataclass(frozen=True)
class Account:
    """A system user other than this process's."""

    uid: int
    gid: int


class UnableToStart(Unavailable):
    """A program this installation needs did not start; the message carries what it said."""


def spawn(
    command: Sequence[str],
    *,
    output: IO[bytes] | int | None,
    account: Account | None = None,
    environ: Mapping[str, str] | None = None,
    orphan_signal: signal.Signals = signal.SIGTERM,
) -> subprocess.Popen[bytes]:
    """Start `command` in its own session, both outputs to `output` (None: where ours go).

    If this process dies, the child gets `orphan_signal` (Linux; elsewhere the next start cleans
    up).  The calling thread must live as long as the child is wanted.
    """
    return subprocess.Popen(  # noqa: S603 - our own command lines
        list(command),
        stdin=subprocess.DEVNULL,
        stdout=output,
        stderr=subprocess.STDOUT,
        env=dict(environ) if environ is not None else None,
        cwd=QUIET_FOLDER,
        start_new_session=True,
        preexec_fn=bound_to_this_process(orphan_signal),  # noqa: PLW1509 - two system calls
        user=account.uid if account else None,
        group=account.gid if account else None,
        extra_groups=[] if account else None,
    )


def bound_to_this_process(orphan_signal: signal.Signals) -> Callable[[], None] | None:
    """What a new child runs before its program, so that it gets `orphan_signal` when we die."""
    if not sys.platform.startswith("linux"):
        return None
    prctl = ctypes.CDLL(None, use_errno=True).prctl
    parent = os.getpid()

    def bind() -> None:
        prctl(PR_SET_PDEATHSIG, int(orphan_signal), 0, 0, 0)
        if os.getppid() != parent:
            os._exit(1)

    return bind


def completed(command: Sequence[str], *, account: Account | None = None) -> str:
    """What `command` prints.  Raises UnableToStart with the end of it when it fails."""
    try:
        result = subprocess.run(  # noqa: S603 - our own command lines
            list(command),
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            cwd=QUIET_FOLDER,
            check=False,
            text=True,
            errors="replace",
            user=account.uid if account else None,
            group=account.gid if account else None,
            extra_groups=[] if account else None,
        )
    except OSError as problem:
        raise UnableToStart(f"{command[0]}: {problem.strerror}") from problem
    if result.returncode != 0:
        raise UnableToStart(f"{command[0]} failed:\n{result.stdout[-SHOWN_OUTPUT_CHARACTERS:]}")
    return result.stdout


def succeeds(command: Sequence[str], *, account: Account | None = None) -> bool:
    """Whether `command` can be run and ends well."""
    try:
        completed(command, account=account)
    except UnableToStart:
        return False
    return True


def signal_group(pid: int, signal_number: signal.Signals) -> None:
    """Send a signal to `pid` and everything it started in its group; gone is fine."""
    try:
        os.killpg(pid, signal_number)
    except ProcessLookupError:
        return


def stop(
    process: subprocess.Popen[bytes], *, stop_signal: signal.Signals, grace_seconds: float
) -> None:
    """End `process` and its group: politely, and by force after `grace_seconds`."""
    if process.poll() is None:
        process.send_signal(stop_signal)
    try:
        process.wait(timeout=grace_seconds)
    except subprocess.TimeoutExpired:
        process.kill()
        process.wait()
    signal_group(process.pid, signal.SIGKILL)


def until(condition: Callable[[], bool], *, seconds: float, pause_seconds: float = 0.05) -> bool:
    """Wait for `condition`; False if it did not come true within `seconds`."""
    deadline = time.monotonic() + seconds
    while not condition():
        if time.monotonic() > deadline:
            return False
        time.sleep(pause_seconds)
    return True
