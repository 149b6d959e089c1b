"""People over HTTP: profiles, who follows whom, blocks and mutes."""

from drf_spectacular.utils import extend_schema
from rest_framework.permissions import AllowAny
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from accounts.authentication import user_of
from common.limits import PersonLimit, VisitorLimit
from common.pagination import NewestFirst, page_request
from common.schema import page_parameters, paged
from social.limits import ChangesPerPerson
from social.selectors.hiding import person_for
from social.selectors.people import (
    blocks_of,
    followed_by,
    followers_of,
    mutes_of,
    mutuals_of,
    profile_of,
)
from social.serializers import (
    BlockedSerializer,
    FollowingSerializer,
    MutedSerializer,
    PersonSerializer,
    ProfileSerializer,
)
from social.services.blocking import block, mute, unblock, unmute
from social.services.following import follow, unfollow

FOLLOWERS = NewestFirst("followers", time="created_at", key="follower_id")
FOLLOWING = NewestFirst("following", time="created_at", key="followee_id")
MUTUALS = NewestFirst("mutuals", time="created_at", key="follower_id")
BLOCKS = NewestFirst("blocks", time="created_at", key="blocked_id")
MUTES = NewestFirst("mutes", time="created_at", key="muted_id")


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
        found = followers_of(person_for(request.user, handle), viewer=request.user)
        rows = FOLLOWERS.ordered(found, asked.cursor)[: asked.limit + 1]
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
        found = followed_by(person_for(request.user, handle), viewer=request.user)
        rows = FOLLOWING.ordered(found, asked.cursor)[: asked.limit + 1]
        page = FOLLOWING.cut(
            list(rows), limit=asked.limit, position=lambda row: (row.created_at, row.followee_id)
        )
        return Response(page.body(lambda row: PersonSerializer(row.followee).data))


class MutualsView(APIView):
    """Who follows a person and is followed back."""

    permission_classes = [AllowAny]

    @extend_schema(parameters=page_parameters(), responses=paged(PersonSerializer))
    def get(self, request: Request, handle: str) -> Response:
        """List who follows a person and is followed back, newest first."""
        asked = page_request(request.query_params)
        found = mutuals_of(person_for(request.user, handle), viewer=request.user)
        rows = MUTUALS.ordered(found, asked.cursor)[: asked.limit + 1]
        page = MUTUALS.cut(
            list(rows), limit=asked.limit, position=lambda row: (row.created_at, row.follower_id)
        )
        return Response(page.body(lambda row: PersonSerializer(row.follower).data))


class FollowView(APIView):
    """The viewer's following of a person."""

    throttle_classes = [VisitorLimit, PersonLimit, ChangesPerPerson]

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


class BlockView(APIView):
    """The viewer's block of a person."""

    throttle_classes = [VisitorLimit, PersonLimit, ChangesPerPerson]

    @extend_schema(request=None, responses=BlockedSerializer)
    def put(self, request: Request, handle: str) -> Response:
        """Block: neither sees anything of the other from now on, and no follow remains."""
        block(user_of(request), handle)
        return Response({"blocked": True})

    @extend_schema(request=None, responses=BlockedSerializer)
    def delete(self, request: Request, handle: str) -> Response:
        """Unblock; follows do not return by themselves."""
        unblock(user_of(request), handle)
        return Response({"blocked": False})


class MuteView(APIView):
    """The viewer's muting of a person."""

    throttle_classes = [VisitorLimit, PersonLimit, ChangesPerPerson]

    @extend_schema(request=None, responses=MutedSerializer)
    def put(self, request: Request, handle: str) -> Response:
        """Mute: keep a person out of my lists; they are not told."""
        mute(user_of(request), handle)
        return Response({"muted": True})

    @extend_schema(request=None, responses=MutedSerializer)
    def delete(self, request: Request, handle: str) -> Response:
        """Unmute."""
        unmute(user_of(request), handle)
        return Response({"muted": False})


class BlocksView(APIView):
    """Whom I blocked."""

    @extend_schema(parameters=page_parameters(), responses=paged(PersonSerializer))
    def get(self, request: Request) -> Response:
        """List whom I blocked, newest first."""
        asked = page_request(request.query_params)
        rows = BLOCKS.ordered(blocks_of(user_of(request)), asked.cursor)[: asked.limit + 1]
        page = BLOCKS.cut(
            list(rows), limit=asked.limit, position=lambda row: (row.created_at, row.blocked_id)
        )
        return Response(page.body(lambda row: PersonSerializer(row.blocked).data))


class MutesView(APIView):
    """Whom I muted."""

    @extend_schema(parameters=page_parameters(), responses=paged(PersonSerializer))
    def get(self, request: Request) -> Response:
        """List whom I muted, newest first."""
        asked = page_request(request.query_params)
        rows = MUTES.ordered(mutes_of(user_of(request)), asked.cursor)[: asked.limit + 1]
        page = MUTES.cut(
            list(rows), limit=asked.limit, position=lambda row: (row.created_at, row.muted_id)
        )
        return Response(page.body(lambda row: PersonSerializer(row.muted).data))
