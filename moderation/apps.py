"""The moderation app."""

from importlib import import_module

from django.apps import AppConfig


class ModerationConfig(AppConfig):
    """Registers moderation with Django, and its ears with the clips' news."""

    name = "moderation"

    def ready(self) -> None:
        """Connect the receivers and register the checks."""
        import_module("moderation.checks")
        import_module("moderation.receivers")
