"""Which processes one installation consists of, and how each is started."""

import os
import signal
import sys
from dataclasses import replace

from common.embedded.locations import ROOT
from common.embedded.server import EmbeddedServer
from config.supervision.children import ChildSpec

SERVER_GRACE_SECONDS = 30.0
STEADY_MEMORY = {"MALLOC_MMAP_THRESHOLD_": "4294967296", "MALLOC_TRIM_THRESHOLD_": "68719476736"}
"""glibc keeps the big buffers of tensors instead of mapping each anew: fewer page faults."""

WEB = "web server"
CPU_WORKER = "CPU worker"
UPLOAD_WORKER = "upload worker"
RENDER_WORKER = "render worker"
BEAT = "beat"


def server_child(server: EmbeddedServer) -> ChildSpec:
    """An embedded server as a child."""
    return ChildSpec(
        name=server.name,
        command=tuple(server.command()),
        prepare=server.prepare,
        account=server.account,
        stop_signal=server.stop_signal,
        orphan_signal=server.stop_signal,
        grace_seconds=SERVER_GRACE_SECONDS,
    )


def command_child(name: str, *arguments: str) -> ChildSpec:
    """A management command as a child."""
    return ChildSpec(name=name, command=(sys.executable, str(ROOT / "manage.py"), *arguments))


def serving_children() -> list[ChildSpec]:
    """What serves people and does the work, once the data layer stands."""
    render = ChildSpec(
        name=RENDER_WORKER,
        command=command_child(RENDER_WORKER, "render").command,
        environ={key: os.environ.get(key, value) for key, value in STEADY_MEMORY.items()},
        orphan_signal=signal.SIGKILL,
    )
    return [
        command_child(WEB, "web"),
        command_child(CPU_WORKER, "work"),
        command_child(UPLOAD_WORKER, "work", "--queue=uploads", "--concurrency=1"),
        render,
        command_child(BEAT, "beat"),
    ]


def setting_up() -> list[ChildSpec]:
    """What must have run before anything serves."""
    return [
        replace(command_child("migrate", "migrate", "--no-input"), runs_once=True),
        replace(command_child("collectstatic", "collectstatic", "--no-input"), runs_once=True),
    ]
