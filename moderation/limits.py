"""How often one person, or one address, may report and appeal."""

from typing import TYPE_CHECKING

from django.http import HttpRequest
from rest_framework.request import Request

from common.limits import Limit

if TYPE_CHECKING:  # DRF's views load this module
    from rest_framework.views import APIView


class ReportLimit(Limit):
    """Reports, takedown requests and appeals, on the pages and in the API together."""

    scope = "reports"
    rate = "20/h"

    def bucket(self, request: Request, view: "APIView") -> str | None:
        """The person, or the address; only what is sent counts."""
        return self.person_or_address(request) if request.method == "POST" else None

    def allows(self, request: HttpRequest) -> bool:
        """Count a page's request, and say whether it is within the limit."""
        # DRF's own request would make a visitor of who is logged in: only its META is needed.
        person = request.user.pk if request.user.is_authenticated else None
        return self._allows(str(person or self.get_ident(Request(request))))
