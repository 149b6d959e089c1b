"""`manage.py unban BAN_ID`: takes a ban back."""

from typing import Any
from uuid import UUID

from django.core.management.base import BaseCommand, CommandError, CommandParser
from django.utils import timezone

from accounts.selectors import person
from common.errors import ReverieError
from moderation.services.hashes import unban


class Command(BaseCommand):
    """Lifts a ban; what it took down stays down until a person decides."""

    help = "Lift a ban."

    def add_arguments(self, parser: CommandParser) -> None:
        """Which ban, and who answers for it."""
        parser.add_argument("ban", type=UUID)
        parser.add_argument("--by", required=True, metavar="HANDLE", help="a moderator or admin")

    def handle(self, *, ban: UUID, by: str, **_options: Any) -> None:
        """Raises CommandError when something is unknown or the person may not."""
        try:
            lifted = unban(person(by), ban, now=timezone.now())
        except ReverieError as error:
            raise CommandError(error.message) from error
        self.stdout.write(f"Ban {lifted.pk} is lifted.")
