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
from social.limits import ViewsPerClip, ViewsPerPerson
from social.selectors.shown import like_count_of
from social.serializers import LikedSerializer, ViewSerializer
from social.services.liking import like, unlike
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
        view = note_view(request.user, clip_id, **asked.validated_data, now=timezone.now())
        return Response(ViewSerializer(view).data, status=201)
