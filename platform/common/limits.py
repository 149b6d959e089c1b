"""How often one person, or one address, may ask: counted in Valkey, in one round trip."""

import logging
from typing import TYPE_CHECKING, ClassVar

import redis
from django.conf import settings
from rest_framework.request import Request
from rest_framework.throttling import BaseThrottle

from common.memory import valkey
from common.rates import parsed_rate

if TYPE_CHECKING:  # DRF's views load this module
    from rest_framework.views import APIView

log = logging.getLogger(__name__)


class Limit(BaseThrottle):
    """At most `rate` requests by each `bucket` within a window that the first of them opens.

    Without Valkey nobody is counted and everybody is let in: a limit protects the service, and
    must not be what takes it down.
    """

    scope: ClassVar[str]
    rate: ClassVar[str]
    _left_seconds: float = 0

    def bucket(self, request: Request, view: "APIView") -> str | None:
        """Who is counted; None for who is not."""
        raise NotImplementedError

    def allow_request(self, request: Request, view: "APIView") -> bool:
        """Count the request, and say whether it is within the limit."""
        return self._allows(self.bucket(request, view))

    def _allows(self, bucket: str | None) -> bool:
        if bucket is None:
            return True
        most, seconds = parsed_rate(self.rate_for_scope())
        try:
            count, self._left_seconds = _counted(f"limit:{self.scope}:{bucket}", seconds=seconds)
        except redis.RedisError as error:
            log.warning("requests are not counted: %s", type(error).__name__)
            return True
        return count <= most

    def wait(self) -> float:
        """Seconds until the window closes."""
        return self._left_seconds

    def rate_for_scope(self) -> str:
        """The limit of this class."""
        return self.rate

    def person_or_address(self, request: Request) -> str:
        """The bucket of one person, or of one address for visitors."""
        return str(request.user.pk or self.get_ident(request))


class VisitorLimit(Limit):
    """All requests of one address that come without a login."""

    scope = "visitor"

    def bucket(self, request: Request, view: "APIView") -> str | None:
        """The address."""
        return None if request.user.is_authenticated else self.get_ident(request)

    def rate_for_scope(self) -> str:
        """The operator's choice."""
        return str(settings.VISITOR_RATE)


class PersonLimit(Limit):
    """All requests of one person."""

    scope = "person"

    def bucket(self, request: Request, view: "APIView") -> str | None:
        """The person."""
        return str(request.user.pk) if request.user.is_authenticated else None

    def rate_for_scope(self) -> str:
        """The operator's choice."""
        return str(settings.PERSON_RATE)


def _counted(key: str, *, seconds: int) -> tuple[int, float]:
    """How many came within the window, this one included, and the seconds it has left."""
    with valkey().pipeline(transaction=True) as pipeline:
        pipeline.set(key, 0, ex=seconds, nx=True)
        pipeline.incr(key)
        pipeline.pttl(key)
        _, count, left = pipeline.execute()
    return int(count), max(left, 0) / 1000
