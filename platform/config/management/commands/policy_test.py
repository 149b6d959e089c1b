"""`manage.py policy_test`: asks the policy the prompts that are in it."""

from typing import Any

from django.core.management.base import BaseCommand, CommandError

from moderation.policy.loader import UnableToLoadPolicy
from moderation.services.policies import policy_failures, policy_version


class Command(BaseCommand):
    """Needs no database and no server."""

    help = "Check the policy file against the prompts in it."
    requires_system_checks = []

    def handle(self, **_options: Any) -> None:
        """Raises CommandError, exit status 1, when the policy is wrong or fails a test."""
        try:
            failures = policy_failures()
        except UnableToLoadPolicy as error:
            raise CommandError(error.message) from error
        for fixture, said in failures:
            self.stderr.write(f"{fixture.prompt!r}: expected {fixture.expect}, got {said}")
        if failures:
            raise CommandError(f"{len(failures)} of the policy's tests fail.")
        self.stdout.write(f"Policy {policy_version()} says what its tests expect.")
