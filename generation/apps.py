"""The generation app."""

from django.apps import AppConfig


class GenerationConfig(AppConfig):
    """Registers generation with Django."""

    name = "generation"
