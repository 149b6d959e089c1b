#!/usr/bin/env python3
"""Reverie's one executable: the server, the workers and the tools are its commands."""

import os
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parent


def main() -> None:
    """Put the two source roots on the path and hand over to Django."""
    sys.path[:0] = [str(ROOT), str(ROOT / "platform")]
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "config.settings")
    from django.core.management import execute_from_command_line  # noqa: PLC0415 - needs the path

    execute_from_command_line(sys.argv)


if __name__ == "__main__":
    main()
