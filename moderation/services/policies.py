"""What operators ask of the policy in force."""

from moderation import screening
from moderation.policy.rules import Fixture, Outcome


def policy_failures() -> list[tuple[Fixture, Outcome]]:
    """The policy's own tests that fail, each with what it said instead."""
    return screening.fixture_failures()


def policy_version() -> str:
    """The version of the policy in force.  Raises UnableToLoadPolicy."""
    return screening.policy().version
