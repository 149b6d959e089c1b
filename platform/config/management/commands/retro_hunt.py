"""`manage.py retro_hunt`: looks for everything banned in what is published."""

from datetime import UTC, datetime
from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser
from django.utils import timezone

from accounts.selectors import person
from common.errors import ReverieError
from moderation.services.hashes import retro_hunt


class Command(BaseCommand):
    """The same hunt that follows every ban, for all bans at once."""

    help = "Take down what is published and banned: the very file, or held when it looks like it."

    def add_arguments(self, parser: CommandParser) -> None:
        """From when on, and who answers for it."""
        parser.add_argument(
            "--since", type=datetime.fromisoformat, help="only what was published since, 2026-11-01"
        )
        parser.add_argument("--by", required=True, metavar="HANDLE", help="a moderator or admin")

    def handle(self, *, since: datetime | None, by: str, **_options: Any) -> None:
        """Raises CommandError when the person is unknown or may not."""
        if since is not None and since.tzinfo is None:
            since = since.replace(tzinfo=UTC)
        try:
            taken = retro_hunt(person(by), since=since, now=timezone.now())
        except ReverieError as error:
            raise CommandError(error.message) from error
        self.stdout.write(f"{taken} clips were taken down.")
