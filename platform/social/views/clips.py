"""What one does to a clip, over HTTP."""

from uuid import UUID

from django.utils import timezone
from drf_spectacular.utils import extend_schema
from rest_framework.permissions import AllowAny
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from accounts.authentication import user_of
from accounts.idempotency import idempotent
from common.limits import PersonLimit, VisitorLimit
from social.limits import ChangesPerPerson, SharesPerPerson, ViewsPerClip, ViewsPerPerson
from social.selectors.shown import like_count_of
from social.serializers import (
    LikedSerializer,
    SavedSerializer,
    ShareSerializer,
    ViewSerializer,
)
from social.services.liking import like, unlike
from social.services.saving import save_clip, unsave_clip
from social.services.sharing import link_url, share_clip
from social.services.watching import note_view


class LikeView(APIView):
    """The viewer's like of a clip."""

    @extend_schema(request=None, responses=LikedSerializer)
    def put(self, request: Request, clip_id: UUID) -> Response:
        """Like; again changes nothing."""
        like(user_of(request), clip_id)
        return Response({"liked": True, "likes": like_count_of(clip_id)})

    @extend_schema(request=None, responses=LikedSerializer)
    def delete(self, request: Request, clip_id: UUID) -> Response:
        """Take the like back; again changes nothing."""
        unlike(user_of(request), clip_id)
        return Response({"liked": False, "likes": like_count_of(clip_id)})


class ViewsView(APIView):
    """Reports of having watched a clip."""

    permission_classes = [AllowAny]
    throttle_classes = [ViewsPerPerson, ViewsPerClip]

    @extend_schema(request=ViewSerializer, responses={201: ViewSerializer})
    @idempotent()
    def post(self, request: Request, clip_id: UUID) -> Response:
        """Say how long the clip was watched; what can not be is cut to what can."""
        asked = ViewSerializer(data=request.data)
        asked.is_valid(raise_exception=True)
        told = asked.validated_data
        view = note_view(request.user, clip_id, **told, now=timezone.now(), is_named=False)
        return Response(ViewSerializer(view).data, status=201)


class SaveView(APIView):
    """The viewer's keeping of a clip."""

    throttle_classes = [VisitorLimit, PersonLimit, ChangesPerPerson]

    @extend_schema(request=None, responses=SavedSerializer)
    def put(self, request: Request, clip_id: UUID) -> Response:
        """Save a clip, to find it again; nobody else learns it."""
        save_clip(user_of(request), clip_id)
        return Response({"saved": True})

    @extend_schema(request=None, responses=SavedSerializer)
    def delete(self, request: Request, clip_id: UUID) -> Response:
        """Save the clip no more, in none of my collections."""
        unsave_clip(user_of(request), clip_id)
        return Response({"saved": False})


class SharesView(APIView):
    """The viewer's link to a clip."""

    permission_classes = [AllowAny]
    throttle_classes = [VisitorLimit, PersonLimit, SharesPerPerson]

    @extend_schema(request=None, responses=ShareSerializer)
    def post(self, request: Request, clip_id: UUID) -> Response:
        """Give my short link to a clip, the same every time, and how often it was followed."""
        link = share_clip(request.user, clip_id)
        # All visitors have one link together; how often that was followed is nobody's business.
        visits = link.visit_count if link.sharer_id else None
        return Response({"url": link_url(link), "visits": visits})
