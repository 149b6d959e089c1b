"""What pages say happened, over HTTP."""

from collections.abc import Sequence
from typing import Any

import orjson
from django.conf import settings
from django.utils import timezone
from drf_spectacular.extensions import OpenApiAuthenticationExtension
from drf_spectacular.utils import extend_schema
from rest_framework.authentication import BaseAuthentication, SessionAuthentication
from rest_framework.exceptions import ParseError
from rest_framework.parsers import BaseParser
from rest_framework.permissions import AllowAny
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from accounts.authentication import ApiKeyAuthentication
from accounts.models import User
from common.errors import Invalid
from common.limits import PersonLimit, VisitorLimit
from common.parsers import JSONParser
from feed.limits import EventsLimit, WatchesOfClip
from feed.ranking.actions import Action
from feed.ranking.sending import MOST_AT_ONCE, EventRefused, SentEvent, sent_event
from feed.serializers import EventsSerializer, EventsTakenSerializer
from feed.services.events import record_events

BEACON = "text/plain"
TOKEN_FIELD = "csrf_token"  # noqa: S105 - a name


class BeaconParser(BaseParser):
    """Reads JSON that `navigator.sendBeacon` sends as plain text, the only kind it can."""

    media_type = BEACON

    def parse(self, stream: Any, media_type: str | None = None, parser_context: Any = None) -> Any:
        """The data in `stream`.  Raises ParseError."""
        try:
            return orjson.loads(stream.read())
        except orjson.JSONDecodeError as error:
            raise ParseError("This is no JSON.") from error


class BeaconAuthentication(SessionAuthentication):
    """A session, whose CSRF token may come in the body of a beacon, which has no headers.

    The token is checked exactly as if it had come in the header, and so is the origin.
    """

    def enforce_csrf(self, request: Request) -> None:
        """Raises PermissionDenied without a token of the session."""
        if request.content_type.partition(";")[0].strip() == BEACON:
            token = _token_in(request.body)
            request.META.setdefault("HTTP_X_CSRFTOKEN", token)
        super().enforce_csrf(request)


class BeaconScheme(OpenApiAuthenticationExtension):  # type: ignore[no-untyped-call]
    """How the OpenAPI schema speaks of beacons."""

    target_class = BeaconAuthentication
    name = "beacon"

    def get_security_definition(self, auto_schema: object) -> dict[str, str]:
        """The session's cookie; the CSRF token comes in the body or in a header."""
        return {"type": "apiKey", "in": "cookie", "name": settings.SESSION_COOKIE_NAME}


class EventsView(APIView):
    """What viewers do."""

    authentication_classes: Sequence[type[BaseAuthentication]] = [
        ApiKeyAuthentication,
        BeaconAuthentication,
    ]
    permission_classes = [AllowAny]
    parser_classes = [JSONParser, BeaconParser]
    throttle_classes = [VisitorLimit, PersonLimit, EventsLimit]

    @extend_schema(request=EventsSerializer, responses=EventsTakenSerializer)
    def post(self, request: Request) -> Response:
        """Say what was seen, watched, skipped, shared and not wanted; each event counts once."""
        now = timezone.now()
        sent, refused = _sorted(_told(request.data), now=now.timestamp())
        sent, above = _within_limits(request, sent)
        if not isinstance(request.user, User):
            sent, unknown = _of_visitors(sent)
            above |= unknown
        record_events(request.user, list(sent.values()), now=now)
        problems = [_problem(index, error) for index, error in sorted((refused | above).items())]
        return Response({"taken": len(sent), "refused": problems})


def _told(data: Any) -> list[Any]:
    events = data.get("events") if isinstance(data, dict) else None
    if not isinstance(events, list):
        raise Invalid("A list of events is needed.", field="events")
    if not 1 <= len(events) <= MOST_AT_ONCE:
        raise Invalid(f"Send 1 to {MOST_AT_ONCE} events at once.", field="events")
    return events


def _sorted(
    told: Sequence[Any], *, now: float
) -> tuple[dict[int, SentEvent], dict[int, EventRefused]]:
    """The events that can be read, and why the others can not, by their places in the batch."""
    sent: dict[int, SentEvent] = {}
    refused: dict[int, EventRefused] = {}
    for index, one in enumerate(told):
        try:
            sent[index] = sent_event(one, now=now)
        except EventRefused as error:
            refused[index] = error
    return sent, refused


def _within_limits(
    request: Request, sent: dict[int, SentEvent]
) -> tuple[dict[int, SentEvent], dict[int, EventRefused]]:
    watches = {
        index: one.event.clip for index, one in sent.items() if one.event.action is Action.WATCH
    }
    above = WatchesOfClip().above(request, watches)
    error = EventRefused("This clip was watched too often.", code="rate_limit_exceeded")
    return {i: one for i, one in sent.items() if i not in above}, dict.fromkeys(above, error)


def _of_visitors(
    sent: dict[int, SentEvent],
) -> tuple[dict[int, SentEvent], dict[int, EventRefused]]:
    watches = {i: one for i, one in sent.items() if one.event.action is Action.WATCH}
    error = EventRefused("Of visitors only views are counted.", code="login_required")
    return watches, {i: error for i in sent if i not in watches}


def _problem(index: int, error: EventRefused) -> dict[str, Any]:
    return {"index": index, "code": error.code, "field": error.field, "detail": error.message}


def _token_in(body: bytes) -> str:
    try:
        told = orjson.loads(body)
    except orjson.JSONDecodeError:
        return ""
    token = told.get(TOKEN_FIELD) if isinstance(told, dict) else None
    return token if isinstance(token, str) else ""
