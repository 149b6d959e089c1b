"""The uploads app."""

from importlib import import_module

from django.apps import AppConfig


class UploadsConfig(AppConfig):
    """Registers uploads with Django, and its ear with the clips' news."""

    name = "uploads"

    def ready(self) -> None:
        """Connect the receiver."""
        import_module("uploads.receivers")
