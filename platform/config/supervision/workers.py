"""A Celery worker that stops when told to, even in the middle of a task.

Killing a task is safe here: its row's lease runs out and the sweep drives it again.
"""

import os
import signal
from threading import Timer
from typing import Any

import psutil
from celery.signals import worker_shutting_down
from kombu.transport.redis import QoS

from config.celery import app

FINISHING_SECONDS = 5.0


def run_worker(*, queue: str, pool: str, concurrency: int) -> None:
    """Work on `queue` until SIGTERM; then finish what ends within 5 s and drop the rest."""
    worker_shutting_down.connect(_end_in_time)
    # While Valkey is down, kombu 5.7 fails to put back what is not acknowledged, and the worker
    # then stops consuming until its tasks end.  The visibility timeout brings it back as well.
    QoS.restore_at_shutdown = False
    app.worker_main(
        [
            "worker",
            f"--queues={queue}",
            f"--pool={pool}",
            f"--concurrency={concurrency}",
            f"--hostname={queue}@%h",
            "--prefetch-multiplier=1",
            "--without-gossip",
            "--without-mingle",
            "--loglevel=INFO",
        ]
    )


def _end_in_time(**_details: Any) -> None:
    timer = Timer(FINISHING_SECONDS, _end_now)
    timer.daemon = True
    timer.start()


def _end_now() -> None:
    for process in psutil.Process().children(recursive=True):
        process.kill()
    os.kill(os.getpid(), signal.SIGKILL)
