"""Keeps a set of child processes running until told to stop, then stops them in order.

One thread, no callbacks: everything happens in `tick`, called over and over.
"""

import signal
import time
from collections.abc import Callable
from pathlib import Path
from types import FrameType

from common.embedded.process import UnableToStart, signal_group
from config.supervision.children import Child, ChildSpec, ending, last_lines, started
from config.supervision.leftovers import record_of, write_records

TICK_SECONDS = 0.1
SHOWN_LINES = 8


class Stopped(Exception):
    """Somebody asked the supervisor to stop."""


class Supervisor:
    """The children of one installation; `say` prints one line to the person who started it."""

    def __init__(self, *, say: Callable[[str], None], logs: Path, records: Path) -> None:
        self.say = say
        self.logs = logs
        self.records = records
        self.children: dict[str, Child] = {}
        self.stops_asked = 0

    def listen(self) -> None:
        """Let Ctrl-C, SIGTERM and a closed terminal stop everything in order."""
        for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
            signal.signal(number, self._note_stop)

    def start(self, spec: ChildSpec) -> Child:
        """Start a child and keep it running from now on."""
        child = started(spec, log=self._fresh_log(spec.name), now=time.monotonic())
        self.children[spec.name] = child
        self._write_records()
        return child

    def finish(self, *specs: ChildSpec) -> None:
        """Run programs to their end, side by side.  Raises UnableToStart when one fails."""
        for spec in specs:
            self.start(spec)
        for spec in specs:
            child = self.children[spec.name]
            self._tick_while(lambda child=child: child.is_running)  # type: ignore[misc]
            del self.children[spec.name]
            if child.process.returncode != 0:
                raise UnableToStart("\n".join([f"{spec.name} failed.", *_end_of(child)]))

    def wait_for(self, condition: Callable[[], bool], *, seconds: float) -> bool:
        """Supervise until `condition`; False when it is not so within `seconds`."""
        deadline = time.monotonic() + seconds
        while not condition():
            if time.monotonic() > deadline:
                return False
            self.tick()
        return True

    def run(self) -> None:
        """Supervise until somebody asks to stop; then raises Stopped."""
        self._tick_while(lambda: True)

    def tick(self) -> None:
        """Look after every child once.  Raises Stopped when asked to stop."""
        if self.stops_asked:
            raise Stopped
        now = time.monotonic()
        for child in self.children.values():
            if child.spec.runs_once:
                continue
            if child.restart_due is None and not child.is_running:
                self._note_death(child, now=now)
            elif child.is_due(now=now):
                self._restart(child, now=now)
        time.sleep(TICK_SECONDS)

    def stop(self, *names: str) -> None:
        """Stop these children side by side: politely, then by force.  Ctrl-C again: by force."""
        ending_ones = [self.children.pop(name) for name in names if name in self.children]
        for child in ending_ones:
            if child.is_running:
                child.process.send_signal(child.spec.stop_signal)
        asked, before = time.monotonic(), self.stops_asked
        while any(child.is_running for child in ending_ones):
            for child in ending_ones:
                overdue = time.monotonic() - asked > child.spec.grace_seconds
                if child.is_running and (overdue or self.stops_asked > before):
                    child.process.kill()
            time.sleep(TICK_SECONDS)
        for child in ending_ones:
            signal_group(child.process.pid, signal.SIGKILL)
        self._write_records()

    def _tick_while(self, condition: Callable[[], bool]) -> None:
        while condition():
            self.tick()

    def _note_death(self, child: Child, *, now: float) -> None:
        how = ending(child.process.returncode)
        pause = child.bury(now=now)
        self.say(f"{child.spec.name} ended ({how}); starting it again in {pause:g} s.")
        if child.process.returncode >= 0:
            for line in _end_of(child):
                self.say(line)

    def _restart(self, child: Child, *, now: float) -> None:
        try:
            child.restart(now=now)
        except UnableToStart as problem:
            pause = child.bury(now=now)
            self.say(f"{child.spec.name}: {problem.message} Trying again in {pause:g} s.")
            return
        self.say(f"{child.spec.name} started again.")
        self._write_records()

    def _fresh_log(self, name: str) -> Path:
        log = self.logs / f"{name.replace(' ', '-')}.log"
        if log.exists():
            log.replace(log.with_suffix(".log.1"))
        return log

    def _write_records(self) -> None:
        records = [
            record_of(name, pid=child.process.pid, stop_signal=child.spec.stop_signal)
            for name, child in self.children.items()
        ]
        write_records(self.records, [record for record in records if record])

    def _note_stop(self, _number: int, _frame: FrameType | None) -> None:
        self.stops_asked += 1


def _end_of(child: Child) -> list[str]:
    lines = last_lines(child.log, count=SHOWN_LINES)
    return [f"    {line}" for line in lines] + [f"    (all of it: {child.log})"]
