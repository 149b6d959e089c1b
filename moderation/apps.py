"""The moderation app."""

from django.apps import AppConfig


class ModerationConfig(AppConfig):
    """Registers moderation with Django."""

    name = "moderation"
