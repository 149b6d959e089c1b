"""Lists of clips."""

from drf_spectacular.utils import extend_schema
from rest_framework.permissions import AllowAny
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from common.pagination import Page, page_request
from common.schema import page_parameters, paged
from feed.cards import ClipCard
from feed.selectors.pages import clips_by
from feed.serializers import ClipSerializer


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
