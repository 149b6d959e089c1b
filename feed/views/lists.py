"""Lists of clips."""

from django.utils import timezone
from drf_spectacular.types import OpenApiTypes
from drf_spectacular.utils import OpenApiParameter, extend_schema
from rest_framework.permissions import AllowAny
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from common.errors import Invalid
from common.pagination import Page, page_request
from common.schema import page_parameters, paged
from feed.cards import ClipCard
from feed.selectors.pages import Mode, clips_by, page_for
from feed.serializers import ClipSerializer


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
        """List clips: for you, the latest, or by the people I follow."""
        asked = page_request(request.query_params)
        mode = _mode(request.query_params.get("mode", Mode.FOR_YOU))
        page = page_for(request.user, mode=mode, asked=asked, now=timezone.now())
        return _cards(page)


class PersonClipsView(APIView):
    """A person's clips."""

    permission_classes = [AllowAny]

    @extend_schema(parameters=page_parameters(), responses=paged(ClipSerializer))
    def get(self, request: Request, handle: str) -> Response:
        """List a person's clips, newest first; mine in every state."""
        asked = page_request(request.query_params)
        return _cards(clips_by(handle, viewer=request.user, asked=asked))


def _cards(page: Page[ClipCard]) -> Response:
    return Response(page.body(lambda card: card))


def _mode(text: str) -> Mode:
    if text not in list(Mode):
        raise Invalid(f"A mode is one of {', '.join(Mode)}.", field="mode")
    return Mode(text)
