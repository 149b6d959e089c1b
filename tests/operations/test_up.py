"""`manage.py up`, with real processes: it keeps everything running and leaves nothing behind."""

import signal
import stat
from pathlib import Path

import psutil
import pytest

from config.supervision.roster import BEAT, CPU_WORKER, RENDER_WORKER, UPLOAD_WORKER, WEB
from tests.operations.harness import Reverie, is_alive, manage, running_up

pytestmark = pytest.mark.slow
CHILDREN = ["postgres", "valkey", WEB, CPU_WORKER, UPLOAD_WORKER, RENDER_WORKER, BEAT]


def test_everything_runs_in_one_private_folder(running_reverie: Reverie) -> None:
    assert set(running_reverie.pids) == set(CHILDREN)
    assert running_reverie.is_healthy
    assert running_reverie.url in running_reverie.said
    assert stat.S_IMODE(running_reverie.here.data.stat().st_mode) == 0o700


def test_a_command_in_another_terminal_finds_the_servers(running_reverie: Reverie) -> None:
    answer = running_reverie.command("migrate", "--check")
    assert answer.returncode == 0, answer.stderr


def test_a_second_one_on_the_same_data_says_so_and_stops(running_reverie: Reverie) -> None:
    answer = running_reverie.command("up")
    assert answer.returncode != 0
    assert "already running" in answer.stderr
    assert running_reverie.url in answer.stderr
    assert running_reverie.is_healthy


def test_a_taken_port_is_named_with_the_way_out(running_reverie: Reverie, tmp_path: Path) -> None:
    port = running_reverie.port
    answer = manage(tmp_path / "data", "up", port=port)
    assert answer.returncode != 0
    assert f"Port {port}" in answer.stderr
    assert f"PORT={port + 1}" in answer.stderr
    assert "Traceback" not in answer.stderr


@pytest.mark.parametrize("name", CHILDREN)
def test_a_killed_child_is_started_again_and_said(running_reverie: Reverie, name: str) -> None:
    running_reverie.kill(name)
    assert f"{name} ended (killed by SIGKILL); starting it again" in running_reverie.said
    running_reverie.wait_for(lambda: f"{name} started again" in running_reverie.said, seconds=10)
    running_reverie.wait_for(lambda: running_reverie.is_healthy, seconds=30)
    answer = running_reverie.command("migrate", "--check")
    assert answer.returncode == 0, answer.stderr


def test_nothing_is_left_running_however_it_ends(tmp_path: Path) -> None:
    with running_up(tmp_path / "data") as reverie:
        below = reverie.descendants()
        reverie.process.send_signal(signal.SIGKILL)
        _, alive = psutil.wait_procs(below, timeout=30)
        assert not alive
    with running_up(tmp_path / "data") as reverie:
        below = reverie.descendants()
        reverie.process.send_signal(signal.SIGINT)
        assert reverie.process.wait(timeout=30) == 0
        assert not [process for process in below if is_alive(process)]
        assert "Everything is stopped." in reverie.said
        assert not (reverie.here.run / "processes.json").exists()
