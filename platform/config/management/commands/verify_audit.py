"""`manage.py verify_audit`: finds whether the audit log was changed."""

from pathlib import Path
from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser

from moderation.policy.chain import Break, Head
from moderation.services.audit import check_audit


class Command(BaseCommand):
    """Walks the whole chain and names the first row that does not hold."""

    help = "Check the audit log, against heads that were kept outside the database, too."

    def add_arguments(self, parser: CommandParser) -> None:
        """Which heads to compare with, beside those in the data folder."""
        parser.add_argument("--head", action="append", default=[], metavar="SEQ:HASH")
        parser.add_argument("--heads", type=Path, metavar="FILE", help="a file of heads")

    def handle(self, *, head: list[str], heads: Path | None, **_options: Any) -> None:
        """Prints the head.  Raises CommandError, exit status 1, when the chain is broken."""
        try:
            found = check_audit([Head.parse(text) for text in head], file=heads)
        except ValueError as error:
            raise CommandError(str(error)) from error
        if isinstance(found, Break):
            raise CommandError(f"The audit log is broken at row {found.seq}: {found.what}.")
        self.stdout.write(f"The audit log holds: {found.seq} rows.")
        self.stdout.write(f"{found}")
