"""The social app."""

from importlib import import_module

from django.apps import AppConfig


class SocialConfig(AppConfig):
    """Registers social with Django, and its ear with the clips' news."""

    name = "social"

    def ready(self) -> None:
        """Connect the receiver."""
        import_module("social.receivers")
