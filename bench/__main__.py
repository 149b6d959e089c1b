"""Measure, and rewrite docs/benchmarks.md."""

import argparse
import os
import platform
import sys
import time
from collections.abc import Sequence
from datetime import UTC, datetime
from importlib.metadata import version
from pathlib import Path
from types import ModuleType

import psutil

from bench import (
    ROOT,
    encoding,
    events,
    feed,
    gate,
    hashes,
    marking,
    ranking,
    road,
    search,
    simulation,
    steering,
)
from bench.rows import Reading, Row

SUBJECTS: dict[str, ModuleType] = {
    "road": road,
    "encoding": encoding,
    "marking": marking,
    "gate": gate,
    "hashes": hashes,
    "feed": feed,
    "events": events,
    "search": search,
    "ranking": ranking,
    "steering": steering,
    "simulation": simulation,
}
PAGE = ROOT / "docs" / "benchmarks.md"
VERSIONS = ("torch", "diffusers", "av", "imageio-ffmpeg", "Django", "psycopg", "numpy")
GIBIBYTE = 1 << 30


def main() -> None:
    """Every subject and the page; or, with `--only`, some subjects on standard output."""
    parser = argparse.ArgumentParser(prog="python -m bench", description=__doc__)
    parser.add_argument(
        "--only", choices=SUBJECTS, action="append", help="print this subject, leave the page"
    )
    only = parser.parse_args().only
    heading, began = _heading(), time.monotonic()
    chapters = [_chapter(SUBJECTS[name]) for name in only or SUBJECTS]
    if only:
        return
    minutes = (time.monotonic() - began) / 60
    PAGE.write_text("\n".join([heading, f"The run took {minutes:.0f} minutes.\n", *chapters]))
    print(f"Wrote {PAGE}", file=sys.stderr)


def _chapter(subject: ModuleType) -> str:
    reading: Reading = subject.READING
    print(f"Measuring: {reading.title} …", file=sys.stderr)
    table = _table(subject.measure())
    print(table)
    return "\n".join(
        [
            f"## {reading.title}\n",
            table,
            f"**How.** {reading.how}\n",
            f"**What it means.** {reading.means}\n",
            f"**What it does not mean.** {reading.means_not}\n",
        ]
    )


def _table(rows: Sequence[Row]) -> str:
    lines = ["| | ours | reference | ours ÷ reference |", "| :-- | --: | --: | --: |"]
    lines += [
        f"| {row.name} | {row.ours:.3g} {row.unit} | {row.reference:.3g} {row.unit} "
        f"| **{row.ratio:.2f}** |"
        for row in rows
    ]
    return "\n".join(lines) + "\n"


def _heading() -> str:
    versions = ", ".join(f"{name} {version(name)}" for name in VERSIONS)
    memory = psutil.virtual_memory().total / GIBIBYTE
    return (
        "# Benchmarks\n\n"
        "Written by `make bench`. Every figure is a ratio of two things measured in the same run,\n"
        "in turns; below 1 is better for us. The times beside it only show its scale: they belong\n"
        "to this machine and this hour.\n\n"
        f"- Machine: {os.cpu_count()} cores, {_processor()}, {memory:.0f} GiB, no GPU used; "
        f"load average before the run {os.getloadavg()[0]:.2f}\n"
        f"- System: {platform.platform()}, Python {platform.python_version()}\n"
        f"- Versions: {versions}\n"
        f"- Date: {datetime.now(UTC):%Y-%m-%d %H:%M} UTC\n"
        "- Command: `make bench` (one subject: `python -m bench --only encoding`, printed only)\n"
    )


def _processor() -> str:
    """The processor's name as Linux tells it."""
    described = Path("/proc/cpuinfo")
    lines = described.read_text().splitlines() if described.exists() else []
    names = [line.partition(":")[2].strip() for line in lines if line.startswith("model name")]
    return names[0] if names else platform.machine()


if __name__ == "__main__":
    main()
