"""Clips: posting, reading, changing."""

from uuid import UUID

from django.utils import timezone
from drf_spectacular.utils import OpenApiResponse, extend_schema
from rest_framework.permissions import SAFE_METHODS, BasePermission, IsAuthenticated
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from accounts.authentication import user_of
from accounts.idempotency import idempotent
from clips.services import delete_clip, edit_clip
from feed.selectors.pages import clip_card
from feed.serializers import ChangeClipSerializer, ClipSerializer, PostClipSerializer
from feed.services.posting import post_made_video


class ClipsView(APIView):
    """Posting."""

    @extend_schema(request=PostClipSerializer, responses={201: ClipSerializer})
    @idempotent()
    def post(self, request: Request) -> Response:
        """Post a finished video of mine; it is shown once it is judged."""
        asked = PostClipSerializer(data=request.data)
        asked.is_valid(raise_exception=True)
        clip = post_made_video(user_of(request), **asked.validated_data, now=timezone.now())
        return Response(clip_card(clip.pk, viewer=request.user), status=201)


class ReadByAnyone(BasePermission):
    """Reading is for everybody, changing for who is logged in."""

    def has_permission(self, request: Request, view: APIView) -> bool:
        """Whether to go on."""
        return request.method in SAFE_METHODS or IsAuthenticated().has_permission(request, view)


class ClipView(APIView):
    """One clip."""

    permission_classes = [ReadByAnyone]

    @extend_schema(responses=ClipSerializer)
    def get(self, request: Request, clip_id: UUID) -> Response:
        """Show a clip; mine in every state."""
        return Response(clip_card(clip_id, viewer=request.user))

    @extend_schema(request=ChangeClipSerializer, responses=ClipSerializer)
    def patch(self, request: Request, clip_id: UUID) -> Response:
        """Change what I say of my clip; new words are judged before they are shown."""
        asked = ChangeClipSerializer(data=request.data)
        asked.is_valid(raise_exception=True)
        edit_clip(user_of(request), clip_id, **asked.validated_data, now=timezone.now())
        return Response(clip_card(clip_id, viewer=request.user))

    @extend_schema(request=None, responses={204: OpenApiResponse(description="Deleted.")})
    def delete(self, request: Request, clip_id: UUID) -> Response:
        """Take my clip away for good."""
        delete_clip(user_of(request), clip_id, now=timezone.now())
        return Response(status=204)
