"""The feed app."""

from importlib import import_module

from django.apps import AppConfig


class FeedConfig(AppConfig):
    """Registers feed with Django, and its ears with the news from below."""

    name = "feed"

    def ready(self) -> None:
        """Connect the receivers."""
        import_module("feed.receivers")
