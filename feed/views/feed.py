"""The feed: what is ready is sent as it is, everything else goes through DRF."""

import logging
from collections.abc import Callable
from datetime import datetime
from functools import cache, wraps

import redis
from django.conf import settings
from django.http import HttpRequest, HttpResponse
from django.http.response import HttpResponseBase
from django.urls import reverse
from django.utils import timezone
from drf_spectacular.types import OpenApiTypes
from drf_spectacular.utils import OpenApiParameter, extend_schema
from rest_framework.exceptions import APIException
from rest_framework.permissions import AllowAny
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.throttling import BaseThrottle
from rest_framework.views import APIView

from accounts.models import User
from common.errors import Invalid
from common.pagination import DEFAULT_LIMIT, MAX_LIMIT, page_request
from common.schema import page_parameters, paged
from feed.selectors.pages import Mode
from feed.serializers import ClipSerializer
from feed.serving.lists import RANKED
from feed.serving.meeting import meet
from feed.serving.pages import page_for
from feed.serving.people import introduce, key_login, login_lease, session_login
from feed.serving.quick import Begun, UnknownLogin, Wanted, begun_page, kept_page, ready_page
from feed.serving.visitors import is_within_limit

log = logging.getLogger(__name__)

LIMITS = {str(number): number for number in range(1, MAX_LIMIT + 1)}
MODES = {mode.value: mode for mode in RANKED}
BEARER = "Bearer "
PLAIN_ACCEPTS = frozenset({"", "*/*", "application/json"})
"""What clients say that take JSON; what else they can say is left to DRF."""
HEADERS = {"Allow": "GET, HEAD, OPTIONS"}


class FeedView(APIView):
    """The feed."""

    permission_classes = [AllowAny]

    @extend_schema(
        parameters=[
            OpenApiParameter("mode", OpenApiTypes.STR, enum=list(Mode), default=Mode.FOR_YOU),
            *page_parameters(),
        ],
        responses=paged(ClipSerializer),
    )
    def get(self, request: Request) -> Response:
        """List clips: for you, trending, without profiling, the latest, or of people I follow."""
        asked = page_request(request.query_params)
        mode = _mode(request.query_params.get("mode", Mode.FOR_YOU))
        page = page_for(request.user, mode=mode, asked=asked, now=timezone.now())
        return Response(page.body(lambda card: card))


LONG_WAY = FeedView.as_view()
IDENT = BaseThrottle()


class PageAheadMiddleware:
    """Asks Valkey for a person's page, so that it answers while Django does its part."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponseBase]) -> None:
        self._get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponseBase:
        """Pass the request on, with what was begun for it."""
        if request.path_info == _address() and _is_plain(request) and not _is_anonymous(request):
            request.begun_page = _begun(request)  # type: ignore[attr-defined]
        return self._get_response(request)


@wraps(LONG_WAY)
def feed(request: HttpRequest) -> HttpResponseBase:
    """The page that is ready, or what `FeedView` answers; the same either way."""
    if not _is_plain(request):
        return LONG_WAY(request)
    if _is_anonymous(request):
        kept = kept_page(request.META["QUERY_STRING"])
        if kept is not None and _is_within_limit(request):
            return _answer(request, kept)
    begun: Begun | None = getattr(request, "begun_page", None) or _begun(request)
    if begun is None:
        return LONG_WAY(request)
    try:
        page = ready_page(begun)
    except UnknownLogin:
        page = _page_of_known(request, begun.wanted, now=timezone.now())
    if page is not None and (begun.wanted.login is not None or _is_within_limit(request)):
        return _answer(request, page)
    return LONG_WAY(request)


@cache
def _address() -> str:
    return reverse("feed:feed")


def _is_plain(request: HttpRequest) -> bool:
    return request.method == "GET" and request.META.get("HTTP_ACCEPT", "") in PLAIN_ACCEPTS


def _is_anonymous(request: HttpRequest) -> bool:
    return "HTTP_AUTHORIZATION" not in request.META and "HTTP_COOKIE" not in request.META


def _begun(request: HttpRequest) -> Begun | None:
    """The page that is asked for, begun; None where it takes the long way."""
    wanted = _wanted(request)
    return None if wanted is None else begun_page(wanted, now=timezone.now())


def _answer(request: HttpRequest, page: bytes) -> HttpResponse:
    response = HttpResponse(page, content_type="application/json", headers=HEADERS)
    if "HTTP_AUTHORIZATION" not in request.META:
        response.headers["Vary"] = "Cookie"
    return response


def _wanted(request: HttpRequest) -> Wanted | None:
    """The page that is asked for, or None where the request is not an ordinary one."""
    raw = request.META["QUERY_STRING"]
    query = _plain_query(raw) or request.GET
    mode = MODES.get(query.get("mode", Mode.FOR_YOU))
    limit = LIMITS.get(query.get("limit", str(DEFAULT_LIMIT)))
    authorization = request.META.get("HTTP_AUTHORIZATION", "")
    is_plain = "format" not in query and (not authorization or authorization.startswith(BEARER))
    if mode is None or limit is None or not is_plain:
        return None
    return Wanted(raw, mode, query.get("cursor") or None, limit, _login(request))


def _plain_query(raw: str) -> dict[str, str] | None:
    """What is asked, where nothing in it is escaped: Django's parser costs more."""
    if not raw.isascii() or "%" in raw or "+" in raw:
        return None
    pairs = (part.partition("=") for part in raw.split("&"))
    return {name: value for name, _, value in pairs}


def _login(request: HttpRequest) -> str | None:
    """By which digest the login is known that came with the request; None of a visitor."""
    authorization = request.META.get("HTTP_AUTHORIZATION", "")
    if authorization.startswith(BEARER):
        return key_login(authorization[len(BEARER) :].strip())
    session = request.COOKIES.get(settings.SESSION_COOKIE_NAME)
    return session_login(session) if session else None


def _is_within_limit(request: HttpRequest) -> bool:
    """Count a visitor; of a person, Valkey counts with the page."""
    return is_within_limit(IDENT.get_ident(request))  # type: ignore[arg-type] # only META is read


def _page_of_known(request: HttpRequest, wanted: Wanted, *, now: datetime) -> bytes | None:
    """The ready page, once it is looked up whose login came; None where it takes the long way."""
    if wanted.login is None:
        return None
    try:
        lease = login_lease(wanted.login)
        user = _authenticated(request)
        who = None if user is None else meet(user, now=now)
        if who is None:
            return None
        introduce(wanted.login, who, lease=lease)
        begun = begun_page(wanted, now=now)
        return ready_page(begun) if begun else None
    except (redis.RedisError, UnknownLogin) as error:
        log.warning("a login is not remembered: %s", type(error).__name__)
        return None


def _authenticated(request: HttpRequest) -> User | None:
    """Who sent it, as DRF finds out; what it refuses, the long way refuses in its words."""
    asking = Request(request, authenticators=FeedView().get_authenticators())
    try:
        return asking.user if isinstance(asking.user, User) else None
    except APIException:
        return None


def _mode(text: str) -> Mode:
    if text not in list(Mode):
        raise Invalid(f"A mode is one of {', '.join(Mode)}.", field="mode")
    return Mode(text)
