"""What every page knows of the site's condition."""

from typing import Any

from django.http import HttpRequest
from django.utils import timezone
from django.utils.functional import SimpleLazyObject

from accounts.models import Role, User
from accounts.permissions import has_role
from moderation.selectors.health import checks_seem_down


def condition(request: HttpRequest) -> dict[str, Any]:
    """`everything_waits`: whether to tell this person that every clip waits for a reviewer.

    Only those are told whose clips or whose work it is; pages that do not ask cost nothing.
    """
    return {"everything_waits": SimpleLazyObject(lambda: _everything_waits(request))}


def _everything_waits(request: HttpRequest) -> bool:
    user = getattr(request, "user", None)
    if not isinstance(user, User) or not has_role(user, Role.CREATOR):
        return False
    return checks_seem_down(now=timezone.now())
