"""How often one person may register a feed, search, and say what happened."""

from collections.abc import Mapping
from uuid import UUID

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


class SearchLimit(Limit):
    """Searches of one person, or of one address, on the page and in the API together."""

    scope = "search"
    rate = "60/min"

    def bucket(self, request: Request, view: APIView) -> str | None:
        """The person or the address."""
        return self.person_or_address(request)

    def allows(self, request: HttpRequest) -> bool:
        """Count a page's request, and say whether it is within the limit."""
        # DRF's own request would make a visitor of who is logged in: only its META is needed.
        person = request.user.pk if request.user.is_authenticated else None
        return self._allows(str(person or self.get_ident(Request(request))))


class EventsLimit(Limit):
    """Batches of events of one person, or of one address."""

    scope = "events"

    def bucket(self, request: Request, view: APIView) -> str | None:
        """The person or the address."""
        return self.person_or_address(request)

    def rate_for_scope(self) -> str:
        """The operator's choice."""
        return str(settings.EVENT_RATE)


class WatchesOfClip(Limit):
    """The watches one person reports of one clip: nobody makes a clip popular by a loop."""

    scope = "watches-of-clip"
    rate = "6/min"

    def above(self, request: Request, watches: Mapping[int, UUID]) -> frozenset[int]:
        """Count watches of clips, and name those above the limit by their keys."""
        who = self.person_or_address(request)
        return frozenset(
            index for index, clip in watches.items() if not self._allows(f"{who}:{clip.hex}")
        )
