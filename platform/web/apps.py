"""The pages people see."""

from django.apps import AppConfig


class WebConfig(AppConfig):
    """Registers the pages with Django."""

    name = "web"
