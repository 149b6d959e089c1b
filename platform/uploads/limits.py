"""How often one may upload."""

from django.http import HttpRequest
from rest_framework.request import Request
from rest_framework.views import APIView

from common.limits import Limit


class UploadsPerPerson(Limit):
    """All files one person sends."""

    scope = "uploads"
    rate = "30/h"

    def bucket(self, request: Request, view: APIView) -> str | None:
        """The person; reading is not counted."""
        return self.person_or_address(request) if request.method == "POST" else None

    def allows(self, request: HttpRequest) -> bool:
        """Count a page's request, and say whether it is within the limit."""
        return self._allows(self.person_or_address(Request(request)))
