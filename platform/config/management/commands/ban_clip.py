"""`manage.py ban_clip CLIP_ID`: no copy of the clip is shown any more."""

from typing import Any
from uuid import UUID

from django.core.management.base import BaseCommand, CommandError, CommandParser
from django.utils import timezone

from accounts.selectors import person
from common.errors import ReverieError
from moderation.services.hashes import ban_clip


class Command(BaseCommand):
    """Bans a clip; the CPU worker indexes its frames and takes down its copies."""

    help = "Ban a clip and every copy of it."

    def add_arguments(self, parser: CommandParser) -> None:
        """Which clip, for what, and who answers for it."""
        parser.add_argument("clip", type=UUID)
        parser.add_argument("--category", required=True, help="a category of the policy")
        parser.add_argument("--by", required=True, metavar="HANDLE", help="a moderator or admin")

    def handle(self, *, clip: UUID, category: str, by: str, **_options: Any) -> None:
        """Raises CommandError when something is unknown or the person may not."""
        try:
            ban = ban_clip(person(by), clip, category=category, now=timezone.now())
        except ReverieError as error:
            raise CommandError(error.message) from error
        self.stdout.write(f"Ban {ban.pk} holds for the file; its looks follow in a moment.")
