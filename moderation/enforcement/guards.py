"""The guards that the settings name, as text detectors: see REVERIE_TEXT_DETECTORS."""

from typing import Any

from django.conf import settings
from django.core.exceptions import ImproperlyConfigured

from moderation.classifiers.guards import Guard, GuardModel, ModerationEndpoint


def moderation_endpoint() -> ModerationEndpoint:
    """The endpoint at REVERIE_MODERATION_URL.  Raises ImproperlyConfigured without one."""
    return ModerationEndpoint(_guard("MODERATION"))


def guard_model() -> GuardModel:
    """The guard model at REVERIE_GUARD_URL.  Raises ImproperlyConfigured without one."""
    return GuardModel(_guard("GUARD"))


def _guard(name: str) -> Guard:
    address = _setting(f"{name}_URL")
    if not address.startswith(("https://", "http://")):
        raise ImproperlyConfigured(f"REVERIE_{name}_URL is not an http address.")
    return Guard(
        address=address,
        model=_setting(f"{name}_MODEL"),
        key=_setting(f"{name}_KEY"),
        timeout_seconds=_setting("TEXT_CHECK_SECONDS"),
    )


def _setting(name: str) -> Any:
    return getattr(settings, name)
