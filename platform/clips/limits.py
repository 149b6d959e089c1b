"""How often one person, or one address, may have something done that costs."""

from typing import TYPE_CHECKING

from django.conf import settings
from django.http import HttpRequest
from rest_framework.request import Request

from common.limits import Limit

if TYPE_CHECKING:  # DRF's views load this module
    from rest_framework.views import APIView


class VerifyLimit(Limit):
    """Looking at files, on the page and in the API together."""

    scope = "verify"

    def bucket(self, request: Request, view: "APIView") -> str | None:
        """The person, or the address."""
        return self.person_or_address(request)

    def allows(self, request: HttpRequest) -> bool:
        """Count a page's request, and say whether it is within the limit."""
        # DRF's own request would make a visitor of who is logged in: only its META is needed.
        person = request.user.pk if request.user.is_authenticated else None
        return self._allows(str(person or self.get_ident(Request(request))))

    def rate_for_scope(self) -> str:
        """The operator's choice."""
        return str(settings.VERIFY_RATE)
