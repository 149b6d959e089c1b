"""Measure, and rewrite docs/benchmarks.md chapter by chapter."""

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
MARK = "\n## "
GIBIBYTE = 1 << 30


def main() -> None:
    """Measure every subject, or those of `--only`, and rewrite their chapters one by one."""
    parser = argparse.ArgumentParser(prog="python -m bench", description=__doc__)
    parser.add_argument("--only", choices=SUBJECTS, action="append", help="this subject alone")
    for name in parser.parse_args().only or SUBJECTS:
        _rewrite(SUBJECTS[name].READING.title, _chapter(SUBJECTS[name]))


def _rewrite(title: str, chapter: str) -> None:
    """Put the chapter into the page; the others stay as they are."""
    kept = PAGE.read_text().split(MARK)[1:] if PAGE.exists() else []
    chapters = {text.partition("\n")[0]: text.rstrip() + "\n" for text in kept}
    chapters[title] = chapter
    titles = [subject.READING.title for subject in SUBJECTS.values()]
    ordered = [chapters[one] for one in titles if one in chapters]
    PAGE.write_text(MARK.join([_heading(), *ordered]))


def _chapter(subject: ModuleType) -> str:
    reading: Reading = subject.READING
    print(f"Measuring: {reading.title} …", file=sys.stderr)
    before = f"{datetime.now(UTC):%Y-%m-%d %H:%M} UTC, load average before {os.getloadavg()[0]:.2f}"
    began = time.monotonic()
    table = _table(subject.measure())
    minutes = (time.monotonic() - began) / 60
    print(table)
    return "\n".join(
        [
            f"{reading.title}\n",
            table,
            f"Measured {before}, {minutes:.0f} minutes, on {_machine()}.\n",
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
    return (
        "# Benchmarks\n\n"
        "Written by `make bench`, or for one chapter by `python -m bench --only encoding`.  Every\n"
        "figure is a ratio of two things measured in one run, in turns; below 1 is better for us.\n"
        "The times beside it only show its scale: they belong to this machine and this hour.\n"
    )


def _machine() -> str:
    versions = ", ".join(f"{name} {version(name)}" for name in VERSIONS)
    memory = psutil.virtual_memory().total / GIBIBYTE
    return (
        f"{os.cpu_count()} cores of {_processor()}, {memory:.0f} GiB, no GPU; "
        f"Python {platform.python_version()}, {versions}"
    )


def _processor() -> str:
    """The processor's name as Linux tells it."""
    described = Path("/proc/cpuinfo")
    lines = described.read_text().splitlines() if described.exists() else []
    names = [line.partition(":")[2].strip() for line in lines if line.startswith("model name")]
    return names[0] if names else platform.machine()


if __name__ == "__main__":
    main()
