"""The top floor, installed so that its management commands are found."""

from importlib import import_module

from django.apps import AppConfig
from django.contrib.admin.apps import AdminConfig


class ConfigConfig(AppConfig):
    """Registers the management commands with Django."""

    name = "config"

    def ready(self) -> None:
        """Make the queue known to every process, so that its tasks can be sent."""
        import_module("config.celery")


class ReverieAdminConfig(AdminConfig):
    """Django's admin with our site in the place of the default one."""

    default_site = "config.admin_site.ReverieAdminSite"
