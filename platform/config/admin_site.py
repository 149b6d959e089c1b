"""The admin, behind a second factor."""

from django.contrib.admin import AdminSite


class ReverieAdminSite(AdminSite):
    """Where moderators and admins work."""

    site_title = site_header = "Reverie"
