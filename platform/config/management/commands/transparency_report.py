"""`manage.py transparency_report --from DATE --to DATE`: the yearly report as CSV files."""

import csv
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser

from moderation.selectors.transparency import transparency_report


class Command(BaseCommand):
    """Writes one CSV file for each table: DSA Art. 15 and 24."""

    help = "Write what was reported, restricted and appealed within a time, as CSV."

    def add_arguments(self, parser: CommandParser) -> None:
        """From when to when, and where to."""
        parser.add_argument("--from", dest="start", required=True, metavar="YYYY-MM-DD")
        parser.add_argument("--to", dest="end", required=True, metavar="YYYY-MM-DD")
        parser.add_argument("--out", type=Path, default=Path("transparency"), metavar="FOLDER")

    def handle(self, *, start: str, end: str, out: Path, **_options: Any) -> None:
        """Raises CommandError for a bad date.  The last day is not included."""
        report = transparency_report(_day(start), _day(end))
        out.mkdir(parents=True, exist_ok=True)
        for table in report.tables:
            with (out / f"{table.name}.csv").open("w", encoding="utf-8", newline="") as file:
                writer = csv.writer(file)
                writer.writerow(table.columns)
                writer.writerows(table.rows)
        self.stdout.write(f"{len(report.tables)} tables in {out}.")


def _day(text: str) -> datetime:
    try:
        return datetime.strptime(text, "%Y-%m-%d").replace(tzinfo=UTC)
    except ValueError as error:
        raise CommandError(f"A day is written 2026-11-22, not {text!r}.") from error
