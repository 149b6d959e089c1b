"""The clips app."""

from django.apps import AppConfig


class ClipsConfig(AppConfig):
    """Registers clips with Django."""

    name = "clips"
