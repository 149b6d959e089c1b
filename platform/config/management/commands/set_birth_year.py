"""`manage.py set_birth_year HANDLE YEAR --by HANDLE`: a moderator corrects a year of birth."""

from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser
from django.utils import timezone

from accounts.selectors import person
from common.errors import ReverieError
from moderation.services.audit import change_birth_year


class Command(BaseCommand):
    """The only way in which somebody becomes older than they said."""

    help = "Correct a person's year of birth."

    def add_arguments(self, parser: CommandParser) -> None:
        """Whose, which, and who answers for it."""
        parser.add_argument("handle")
        parser.add_argument("year", type=int)
        parser.add_argument("--by", required=True, help="The handle of a moderator or admin.")

    def handle(self, *, handle: str, year: int, by: str, **_options: Any) -> None:
        """Raises CommandError when it may not be done."""
        try:
            user = change_birth_year(person(by), person(handle), year, now=timezone.now())
        except ReverieError as error:
            raise CommandError(error.message) from error
        self.stdout.write(f"@{user.handle} was born in {user.birth_year}.")
