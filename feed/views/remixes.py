"""Remix trees and pins."""

from uuid import UUID

from drf_spectacular.utils import OpenApiResponse, extend_schema
from rest_framework.permissions import AllowAny
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from accounts.authentication import user_of
from common.pagination import Page
from common.schema import paged
from feed.selectors.pins import pinned_clips
from feed.selectors.remixes import family_of
from feed.serializers import ClipSerializer, FamilySerializer
from feed.services.pinning import pin_clip, unpin_clip
from social.selectors.hiding import person_for


class FamilyView(APIView):
    """Where a clip comes from, and what came of it."""

    permission_classes = [AllowAny]

    @extend_schema(operation_id="retrieveRemixes", responses=FamilySerializer)
    def get(self, request: Request, clip_id: UUID) -> Response:
        """Show the remix tree around a clip; what I may not see is null."""
        family = family_of(clip_id, viewer=request.user)
        remixes = [{"clip": one.card, "depth": one.depth} for one in family.remixes]
        return Response({"ancestors": family.ancestors, "remixes": remixes})


class PinView(APIView):
    """Whether a clip of mine is shown first on my page."""

    @extend_schema(request=None, responses={204: OpenApiResponse(description="Pinned.")})
    def put(self, request: Request, clip_id: UUID) -> Response:
        """Pin my clip; three can be."""
        pin_clip(user_of(request), clip_id)
        return Response(status=204)

    @extend_schema(request=None, responses={204: OpenApiResponse(description="Not pinned.")})
    def delete(self, request: Request, clip_id: UUID) -> Response:
        """Pin my clip no longer."""
        unpin_clip(user_of(request), clip_id)
        return Response(status=204)


class PinnedView(APIView):
    """What a person shows first."""

    permission_classes = [AllowAny]

    @extend_schema(operation_id="listPinnedClips", responses=paged(ClipSerializer))
    def get(self, request: Request, handle: str) -> Response:
        """List the clips a person pinned, in their order; three at most."""
        author = person_for(request.user, handle)
        page = Page(pinned_clips(author, viewer=request.user), None)
        return Response(page.body(lambda card: card))
