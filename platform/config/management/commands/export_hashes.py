"""`manage.py export_hashes FILE`: what is banned here, for others."""

from pathlib import Path
from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser

from accounts.selectors import person
from common.errors import ReverieError
from moderation.services.hashes import export_hashes


class Command(BaseCommand):
    """Writes what threatexchange's `local_file` exchange reads: a line for each hash."""

    help = "Write the hashes of every active ban to a file, one a line."

    def add_arguments(self, parser: CommandParser) -> None:
        """Where to, and what."""
        parser.add_argument("file")
        parser.add_argument("--bank", help="only of this bank; all by default")
        parser.add_argument("--by", required=True, metavar="HANDLE", help="a moderator or admin")

    def handle(self, *, file: str, bank: str | None, by: str, **_options: Any) -> None:
        """Raises CommandError: the bank or the person is unknown, or the person may not."""
        count = 0
        try:
            lines = export_hashes(person(by), bank=bank)
            with Path(file).open("w", encoding="ascii") as out:
                for count, line in enumerate(lines, start=1):  # noqa: B007 - how many there were
                    out.write(f"{line}\n")
        except (ReverieError, OSError) as error:
            raise CommandError(str(error)) from error
        self.stdout.write(f"{count} hashes are in {file}.")
