"""How often one person may register a feed."""

from django.conf import settings
from django.http import HttpRequest
from rest_framework.request import Request
from rest_framework.views import APIView

from accounts.models import User
from common.limits import Limit


class GuestFeedLimit(Limit):
    """All feeds one person registers, by a page or a program, refused ones included."""

    scope = "guest-feeds"

    def bucket(self, request: Request, view: APIView) -> str | None:
        """The person; only registering counts."""
        return str(request.user.pk) if request.method == "POST" else None

    def allows(self, request: HttpRequest, user: User) -> bool:
        """Count what a page is asked by `user`, and say whether it is within the limit."""
        return self._allows(str(user.pk))

    def rate_for_scope(self) -> str:
        """The operator's choice."""
        return str(settings.GUEST_FEED_RATE)
