"""`manage.py policy_test`: the short name of `manage.py policy test`."""

from typing import Any

from django.core.management import call_command
from django.core.management.base import BaseCommand


class Command(BaseCommand):
    """Needs no database and no server."""

    help = "Check the policy file against the prompts in it."
    requires_system_checks = []

    def handle(self, **_options: Any) -> None:
        """Raises CommandError, exit status 1, when the policy is wrong or fails a test."""
        call_command("policy", "test", stdout=self.stdout, stderr=self.stderr)
