"""What is looked at before Reverie starts."""

from typing import Any

from django.conf import settings
from django.core.checks import CheckMessage, Error, register

from moderation.policy.loader import UnableToLoadPolicy, load_policy


@register
def check_policy(**_: Any) -> list[CheckMessage]:
    """An error when the policy file can not be used: without it everything would be held."""
    try:
        load_policy(settings.POLICY_FILE)
    except UnableToLoadPolicy as error:
        return [Error(error.message, hint="Set REVERIE_POLICY.", id="moderation.E001")]
    return []
