"""How one's clips are received."""

from uuid import UUID

from django.utils import timezone
from drf_spectacular.types import OpenApiTypes
from drf_spectacular.utils import OpenApiParameter, extend_schema
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from accounts.authentication import user_of
from feed.selectors.analytics import SPANS, analytics_of
from feed.serializers import AnalyticsSerializer

DAYS = OpenApiParameter("days", OpenApiTypes.INT, enum=list(SPANS), default=SPANS[0])


class AnalyticsView(APIView):
    """All my clips."""

    @extend_schema(
        operation_id="retrieveAnalytics", parameters=[DAYS], responses=AnalyticsSerializer
    )
    def get(self, request: Request) -> Response:
        """Tell me how my clips were received; of people only how many."""
        return _told(request)


class ClipAnalyticsView(APIView):
    """One of my clips."""

    @extend_schema(
        operation_id="retrieveClipAnalytics", parameters=[DAYS], responses=AnalyticsSerializer
    )
    def get(self, request: Request, clip_id: UUID) -> Response:
        """Tell me how my clip was received; of people only how many."""
        return _told(request, clip_id)


def _told(request: Request, clip_id: UUID | None = None) -> Response:
    days = span(request.query_params.get("days", str(SPANS[0])))
    found = analytics_of(user_of(request), days=days, now=timezone.now(), clip_id=clip_id)
    return Response(AnalyticsSerializer(found).data)


def span(text: str) -> int:
    """The number of days in `text`; 0, which is none of them, for what is no number."""
    return int(text) if text.isascii() and text.isdigit() and len(text) <= len("28") else 0
