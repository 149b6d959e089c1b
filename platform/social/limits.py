"""How often one may say what one watched, and change what one is to others."""

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


class ChangesPerPerson(Limit):
    """Follows, blocks and mutes of one person, on pages and in the API together."""

    scope = "ties"
    rate = "60/min"

    def bucket(self, request: Request, view: APIView) -> str | None:
        """The person."""
        return self.person_or_address(request)


class SharesPerPerson(Limit):
    """Links one person, or one address, asks for."""

    scope = "shares"
    rate = "60/min"

    def bucket(self, request: Request, view: APIView) -> str | None:
        """The person or the address."""
        return self.person_or_address(request)
