"""Follow, like and watch, over HTTP."""

from uuid import UUID

from django.utils import timezone
from drf_spectacular.utils import extend_schema
from rest_framework.permissions import AllowAny
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from accounts.authentication import user_of
from accounts.idempotency import idempotent
from accounts.selectors import person
from common.pagination import NewestFirst, page_request
from common.schema import page_parameters, paged
from social.limits import ViewsPerClip, ViewsPerPerson
from social.selectors.people import followed_by, followers_of, profile_of
from social.selectors.shown import like_count_of
from social.serializers import (
    FollowingSerializer,
    LikedSerializer,
    PersonSerializer,
    ProfileSerializer,
    ViewSerializer,
)
from social.services.following import follow, unfollow
from social.services.liking import like, unlike
from social.services.watching import note_view

FOLLOWERS = NewestFirst("followers", time="created_at", key="follower_id")
FOLLOWING = NewestFirst("following", time="created_at", key="followee_id")


class ProfileView(APIView):
    """A person's public page."""

    permission_classes = [AllowAny]

    @extend_schema(responses=ProfileSerializer)
    def get(self, request: Request, handle: str) -> Response:
        """Show a person."""
        return Response(ProfileSerializer(profile_of(handle, viewer=request.user)).data)


class FollowersView(APIView):
    """Who follows a person."""

    permission_classes = [AllowAny]

    @extend_schema(parameters=page_parameters(), responses=paged(PersonSerializer))
    def get(self, request: Request, handle: str) -> Response:
        """List a person's followers, newest first."""
        asked = page_request(request.query_params)
        rows = FOLLOWERS.ordered(followers_of(person(handle)), asked.cursor)[: asked.limit + 1]
        page = FOLLOWERS.cut(
            list(rows), limit=asked.limit, position=lambda row: (row.created_at, row.follower_id)
        )
        return Response(page.body(lambda row: PersonSerializer(row.follower).data))


class FollowingView(APIView):
    """Whom a person follows."""

    permission_classes = [AllowAny]

    @extend_schema(parameters=page_parameters(), responses=paged(PersonSerializer))
    def get(self, request: Request, handle: str) -> Response:
        """List whom a person follows, newest first."""
        asked = page_request(request.query_params)
        rows = FOLLOWING.ordered(followed_by(person(handle)), asked.cursor)[: asked.limit + 1]
        page = FOLLOWING.cut(
            list(rows), limit=asked.limit, position=lambda row: (row.created_at, row.followee_id)
        )
        return Response(page.body(lambda row: PersonSerializer(row.followee).data))


class FollowView(APIView):
    """The viewer's following of a person."""

    @extend_schema(request=None, responses=FollowingSerializer)
    def put(self, request: Request, handle: str) -> Response:
        """Follow; again changes nothing."""
        follow(user_of(request), handle)
        return Response({"following": True})

    @extend_schema(request=None, responses=FollowingSerializer)
    def delete(self, request: Request, handle: str) -> Response:
        """Unfollow; again changes nothing."""
        unfollow(user_of(request), handle)
        return Response({"following": False})


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
