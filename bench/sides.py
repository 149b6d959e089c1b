"""One side of a comparison, in a process of its own that works only when it is told to."""

import json
import subprocess
import sys
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager

from bench import ROOT

READY = "ready"


class Side:
    """A process that runs `serve`."""

    def __init__(self, process: subprocess.Popen[str]) -> None:
        self._process = process
        self.pid = process.pid

    def ask(self, task: str) -> float:
        """Let it do `task`; what it measured."""
        assert self._process.stdin is not None  # noqa: S101 - told to the type checker
        print(task, file=self._process.stdin, flush=True)
        return float(json.loads(self.line()))

    def line(self) -> str:
        """The next line it says.  Raises EOFError when it has ended instead."""
        assert self._process.stdout is not None  # noqa: S101 - told to the type checker
        if line := self._process.stdout.readline():
            return line.strip()
        raise EOFError(f"{self._process.args!r} has ended.")


@contextmanager
def side(module: str, *arguments: str, environ: Mapping[str, str] | None = None) -> Iterator[Side]:
    """`python -m module arguments`, ready to be asked, ended with the block."""
    command = [sys.executable, "-m", module, *arguments]
    with subprocess.Popen(  # noqa: S603 - our own modules
        command,
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        env=environ,
        cwd=ROOT,
        text=True,
    ) as process:
        try:
            one = Side(process)
            assert one.line() == READY, command  # noqa: S101
            yield one
        finally:
            process.kill()


def serve(answer: Callable[[str], float]) -> None:
    """In the side's own process: answer one number for each line of standard input."""
    print(READY, flush=True)
    for line in sys.stdin:
        print(json.dumps(answer(line.strip())), flush=True)
