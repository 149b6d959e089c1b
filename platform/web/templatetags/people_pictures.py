"""Where people's pictures are found."""

from django import template

from accounts.models import User
from accounts.selectors import picture_url

register = template.Library()


@register.filter
def picture(user: User) -> str | None:
    """The address of the person's picture, or None."""
    return picture_url(user.handle, user.picture_digest)
