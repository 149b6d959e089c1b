"""The top floor, installed so that its management commands are found."""

from django.apps import AppConfig
from django.contrib.admin.apps import AdminConfig


class ConfigConfig(AppConfig):
    """Registers the management commands with Django."""

    name = "config"


class ReverieAdminConfig(AdminConfig):
    """Django's admin with our site in the place of the default one."""

    default_site = "config.admin_site.ReverieAdminSite"
