"""The social app."""

from django.apps import AppConfig


class SocialConfig(AppConfig):
    """Registers social with Django."""

    name = "social"
