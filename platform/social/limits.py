"""How often one may say what one watched, talk, and change what one is to others."""

from django.http import HttpRequest
from rest_framework.permissions import SAFE_METHODS
from rest_framework.request import Request
from rest_framework.views import APIView

from common.limits import Limit


class ViewsPerPerson(Limit):
    """All views one person, or one address, reports."""

    scope = "views"
    rate = "120/min"

    def bucket(self, request: Request, view: APIView) -> str | None:
        """The person or the address."""
        return self.person_or_address(request)


class ViewsPerClip(Limit):
    """The views one person reports of one clip: nobody makes a clip popular by a loop."""

    scope = "views-of-clip"
    rate = "6/min"

    def bucket(self, request: Request, view: APIView) -> str | None:
        """The person or the address, with the clip."""
        return f"{self.person_or_address(request)}:{view.kwargs['clip_id']}"


class DoingLimit(Limit):
    """What one person, or one address, does on pages and in the API together; reading is free."""

    def bucket(self, request: Request, view: APIView) -> str | None:
        """The person or the address."""
        return None if request.method in SAFE_METHODS else self.person_or_address(request)

    def allows(self, request: HttpRequest) -> bool:
        """Count a page's request, and say whether it is within the limit."""
        return request.method in SAFE_METHODS or self._allows(self.who(request))

    def who(self, request: HttpRequest) -> str:
        """The person, or the address, that asks for a page."""
        # DRF's own request would make a visitor of who is logged in: only its META is needed.
        person = request.user.pk if request.user.is_authenticated else None
        return str(person or self.get_ident(Request(request)))


class ChangesPerPerson(DoingLimit):
    """Follows, blocks, mutes, saves and changes of collections."""

    scope = "ties"
    rate = "60/min"


class CommentsPerPerson(DoingLimit):
    """Comments and replies."""

    scope = "comments"
    rate = "20/min"


class SharesPerPerson(DoingLimit):
    """Links that are asked for."""

    scope = "shares"
    rate = "60/min"
