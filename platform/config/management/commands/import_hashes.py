"""`manage.py import_hashes FILE`: bans what others have found, by their list of hashes."""

import sys
from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser
from django.utils import timezone

from accounts.selectors import person
from common.errors import ReverieError
from moderation.services.hashes import Imported, import_hashes


class Command(BaseCommand):
    """Reads what threatexchange's `local_file` exchange reads: a line for each hash."""

    help = "Ban the hashes in a file, a line each: `pdq HASH`, `video_sha256 HASH`; - is stdin."

    def add_arguments(self, parser: CommandParser) -> None:
        """What to read, where to keep it, and who answers for it."""
        parser.add_argument("file")
        parser.add_argument("--bank", required=True, help="kept together under this name")
        parser.add_argument("--category", required=True, help="a category of the policy")
        parser.add_argument("--source", required=True, help="who found it")
        parser.add_argument("--by", required=True, metavar="HANDLE", help="a moderator or admin")

    def handle(self, *, file: str, by: str, **options: Any) -> None:
        """Raises CommandError: a line is no hash, a name is unknown, or the person may not."""
        try:
            done = _imported(file, by, options)
        except (ReverieError, OSError, UnicodeDecodeError) as error:
            raise CommandError(str(error)) from error
        self.stdout.write(
            f"{done.added} of {done.read} hashes are new in the bank; "
            f"{done.ignored} lines of other types were left out."
        )


def _imported(file: str, by: str, options: dict[str, Any]) -> Imported:
    chosen = {name: options[name] for name in ("bank", "category", "source")}
    if file == "-":
        return import_hashes(person(by), sys.stdin, now=timezone.now(), **chosen)
    with open(file, encoding="utf-8") as lines:  # noqa: PTH123 - as the person named it
        return import_hashes(person(by), lines, now=timezone.now(), **chosen)
