"""The parts of the supervisor, one by one."""

import signal
import subprocess
import sys
from pathlib import Path

import pytest

from common.embedded.process import spawn
from config.supervision.backoff import deaths_in_a_row, pause_seconds
from config.supervision.children import ChildSpec, ending
from config.supervision.leftovers import end_leftovers, read_records, record_of, write_records
from config.supervision.lock import AlreadyRunning, only_supervisor
from config.supervision.supervisor import Supervisor

SLEEP = (sys.executable, "-c", "import time; time.sleep(60)")
DEAF = """
import signal, time
signal.signal(signal.SIGTERM, signal.SIG_IGN)
print("deaf", flush=True)
time.sleep(60)
"""


@pytest.fixture
def said() -> list[str]:
    return []


@pytest.fixture
def supervisor(tmp_path: Path, said: list[str]) -> Supervisor:
    return Supervisor(say=said.append, logs=tmp_path, records=tmp_path / "processes.json")


def test_pauses_double_up_to_half_a_minute_and_start_anew_after_health() -> None:
    assert [pause_seconds(deaths) for deaths in range(1, 10)][:4] == [0.5, 1, 2, 4]
    assert pause_seconds(9) == pause_seconds(10_000) == 30
    assert deaths_in_a_row(7, lived_seconds=29) == 8
    assert deaths_in_a_row(7, lived_seconds=30) == 1


def test_an_ending_is_told_in_words() -> None:
    assert ending(3) == "exit status 3"
    assert ending(-9) == "killed by SIGKILL"


def test_a_failing_child_is_shown_with_its_last_words(
    supervisor: Supervisor, said: list[str]
) -> None:
    child = supervisor.start(
        ChildSpec(
            name="thinker", command=(sys.executable, "-c", "raise SystemExit('out of ideas')")
        )
    )
    assert supervisor.wait_for(lambda: child.deaths >= 2, seconds=20)
    supervisor.stop("thinker")
    assert said[0] == "thinker ended (exit status 1); starting it again in 0.5 s."
    assert "    out of ideas" in said
    assert "thinker started again." in said
    assert "thinker ended (exit status 1); starting it again in 1 s." in said


def test_a_child_deaf_to_the_polite_signal_is_stopped_by_force(
    supervisor: Supervisor, tmp_path: Path
) -> None:
    child = supervisor.start(
        ChildSpec(name="deaf", command=(sys.executable, "-c", DEAF), grace_seconds=0.5)
    )
    supervisor.wait_for(lambda: child.log.stat().st_size > 0, seconds=10)
    supervisor.stop("deaf")
    assert child.process.returncode == -signal.SIGKILL
    assert read_records(supervisor.records) == []


def test_leftovers_are_ended_and_strangers_with_their_number_are_not(tmp_path: Path) -> None:
    records = tmp_path / "processes.json"
    left, stranger = (spawn(SLEEP, output=subprocess.DEVNULL) for _ in range(2))
    ours = record_of("left", pid=left.pid, stop_signal=signal.SIGTERM)
    theirs = record_of("stranger", pid=stranger.pid, stop_signal=signal.SIGTERM)
    assert ours
    assert theirs
    write_records(records, [ours, {**theirs, "started_at": theirs["started_at"] - 60}])
    assert end_leftovers(records) == ["left"]
    assert left.poll() is not None
    assert stranger.poll() is None
    assert end_leftovers(records) == []
    stranger.kill()
    stranger.wait()


def test_the_lock_has_one_holder_and_names_it(tmp_path: Path) -> None:
    lock = tmp_path / "data" / "run" / "up.lock"
    lock.parent.mkdir(parents=True)
    with (
        only_supervisor(lock, url="http://here:1"),
        pytest.raises(AlreadyRunning, match="http://here:1"),
        only_supervisor(lock, url="http://there:2"),
    ):
        pytest.fail("two supervisors")
    with only_supervisor(lock, url="http://here:3"):
        pass
