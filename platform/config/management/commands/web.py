"""`manage.py web`: the web server in the foreground."""

import os
import sys
from typing import Any

from django.conf import settings
from django.core.management.base import BaseCommand

from common.embedded.locations import ROOT

BLOCKING_THREADS = 32
KILL_SECONDS = 5
ONE_THREAD = {"OPENBLAS_NUM_THREADS": "1"}
"""Requests share the processors already: a product of matrices split among them takes longer."""


class Command(BaseCommand):
    """Becomes granian, so that its signals and its process number are granian's."""

    help = "Serve the pages and the API on HOST:PORT."

    def handle(self, **_options: Any) -> None:
        """Does not return."""
        self.stdout.flush()
        os.environ |= ONE_THREAD | {"PYTHONPATH": os.pathsep.join(_source_roots())}
        os.execv(sys.executable, [sys.executable, "-m", "granian", *_arguments()])  # noqa: S606


def _source_roots() -> list[str]:
    given = os.environ.get("PYTHONPATH")
    return [str(ROOT), str(ROOT / "platform"), *([given] if given else [])]


def _arguments() -> list[str]:
    chosen = {
        "interface": "wsgi",
        "host": settings.HOST,
        "port": settings.PORT,
        "workers": 1,
        "blocking-threads": BLOCKING_THREADS,
        "workers-kill-timeout": KILL_SECONDS,
        "log-level": "info",
    }
    options = [part for name, value in chosen.items() for part in (f"--{name}", str(value))]
    return [*options, "--no-ws", "config.wsgi:application"]
