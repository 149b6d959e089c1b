"""The generation app."""

from importlib import import_module

from django.apps import AppConfig


class GenerationConfig(AppConfig):
    """Registers generation with Django."""

    name = "generation"

    def ready(self) -> None:
        """Register the checks."""
        import_module("generation.checks")
