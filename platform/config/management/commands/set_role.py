"""`manage.py set_role HANDLE ROLE`: how the first admin comes to be, and any role changes."""

from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser

from accounts.models import Role
from accounts.selectors import person
from common.errors import NotFound
from moderation.services.audit import change_role


class Command(BaseCommand):
    """Gives a person another role."""

    help = "Make a person a viewer, creator, moderator or admin."

    def add_arguments(self, parser: CommandParser) -> None:
        """Who, and what they become."""
        parser.add_argument("handle")
        parser.add_argument("role", choices=Role.values)

    def handle(self, *, handle: str, role: str, **_options: Any) -> None:
        """Raises CommandError when nobody has the handle."""
        try:
            user = change_role(person(handle), role=Role(role))
        except NotFound as error:
            raise CommandError(error.message) from error
        self.stdout.write(f"@{user.handle} is {user.role} now.")
