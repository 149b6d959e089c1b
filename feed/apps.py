"""The feed app."""

from django.apps import AppConfig


class FeedConfig(AppConfig):
    """Registers feed with Django."""

    name = "feed"
