"""`manage.py export_statements --since DATE`: batches for the DSA Transparency Database."""

from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser
from django.utils import timezone

from moderation.services.statements import UnableToExport, exported_batches

MOST_IN_BATCH = 100


class Command(BaseCommand):
    """Writes files of up to 100 statements each, every one checked against the schema."""

    help = "Write the statements of reasons in the schema of the DSA Transparency Database."

    def add_arguments(self, parser: CommandParser) -> None:
        """Which, where and how many in a file."""
        parser.add_argument("--since", required=True, metavar="YYYY-MM-DD")
        parser.add_argument("--until", metavar="YYYY-MM-DD", help="not included; now by default")
        parser.add_argument("--out", type=Path, default=Path("statements"), metavar="FOLDER")
        parser.add_argument("--batch", type=int, default=MOST_IN_BATCH)

    def handle(
        self, *, since: str, until: str | None, out: Path, batch: int, **_options: Any
    ) -> None:
        """Raises CommandError for a bad date, or a statement the schema refuses."""
        if not 1 <= batch <= MOST_IN_BATCH:
            raise CommandError(f"A batch has 1 to {MOST_IN_BATCH} statements.")
        start, end = _day(since), _day(until) if until else timezone.now()
        out.mkdir(parents=True, exist_ok=True)
        files = 0
        try:
            for files, text in enumerate(exported_batches(start, end, size=batch), start=1):
                (out / f"statements-{start:%Y%m%d}-{files:05}.json").write_text(text, "utf-8")
        except UnableToExport as error:
            raise CommandError(error.message) from error
        self.stdout.write(f"{files} file{'' if files == 1 else 's'} in {out}.")


def _day(text: str) -> datetime:
    try:
        return datetime.strptime(text, "%Y-%m-%d").replace(tzinfo=UTC)
    except ValueError as error:
        raise CommandError(f"A day is written 2026-11-22, not {text!r}.") from error
