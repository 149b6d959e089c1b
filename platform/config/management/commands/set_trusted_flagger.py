"""`manage.py set_trusted_flagger HANDLE`: whose reports come first (DSA Art. 22)."""

from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser

from accounts.selectors import person
from common.errors import NotFound
from moderation.services.notices import set_trusted_flagger


class Command(BaseCommand):
    """Makes a person a trusted flagger, or an ordinary one again."""

    help = "Let the reports of this person come first on the desk."

    def add_arguments(self, parser: CommandParser) -> None:
        """Who, and whether it ends."""
        parser.add_argument("handle")
        parser.add_argument("--no", action="store_true", help="not any longer")

    def handle(self, *, handle: str, no: bool, **_options: Any) -> None:
        """Raises CommandError when nobody has the handle."""
        try:
            user = person(handle)
        except NotFound as error:
            raise CommandError(error.message) from error
        set_trusted_flagger(user, is_trusted=not no)
        self.stdout.write(f"@{user.handle} is {'no ' if no else 'a '}trusted flagger now.")
