"""Feeds that others make, over HTTP."""

from uuid import UUID

from django.utils import timezone
from drf_spectacular.utils import OpenApiResponse, extend_schema, inline_serializer
from rest_framework.permissions import SAFE_METHODS, AllowAny, BasePermission, IsAuthenticated
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from accounts.authentication import user_of
from accounts.idempotency import idempotent
from common.limits import PersonLimit, VisitorLimit
from common.pagination import page_request
from common.schema import page_parameters, paged
from feed.limits import GuestFeedLimit
from feed.selectors.guests import GUESTS, guest_feed_for, guest_feeds_for
from feed.serializers import (
    ClipSerializer,
    GuestFeedSerializer,
    GuestMetaSerializer,
    ReadingSerializer,
)
from feed.services.guests import leave_feed, read_feed, register_feed, remove_feed
from feed.serving.guests import guest_page

GUEST_PAGE = inline_serializer(
    name="GuestPage",
    fields={"data": ClipSerializer(many=True), "meta": GuestMetaSerializer()},
)


class _ReadByAnyone(BasePermission):
    """Everybody reads; who writes is logged in."""

    def has_permission(self, request: Request, view: APIView) -> bool:
        is_reading = request.method in SAFE_METHODS
        return is_reading or IsAuthenticated().has_permission(request, view)


class GuestFeedsView(APIView):
    """All feeds that others make."""

    permission_classes = [_ReadByAnyone]
    throttle_classes = [VisitorLimit, PersonLimit, GuestFeedLimit]

    @extend_schema(
        operation_id="feeds_list",
        parameters=page_parameters(),
        responses=paged(GuestFeedSerializer),
    )
    def get(self, request: Request) -> Response:
        """List feeds, newest first."""
        asked = page_request(request.query_params)
        rows = GUESTS.ordered(guest_feeds_for(request.user), asked.cursor)[: asked.limit + 1]
        page = GUESTS.cut(list(rows), limit=asked.limit, position=lambda row: (None, row.pk))
        return Response(page.body(lambda row: GuestFeedSerializer(row).data))

    @extend_schema(request=GuestFeedSerializer, responses={201: GuestFeedSerializer})
    @idempotent()
    def post(self, request: Request) -> Response:
        """Register a feed; its server is asked once, and has to answer."""
        asked = GuestFeedSerializer(data=request.data)
        asked.is_valid(raise_exception=True)
        owner, words = user_of(request), asked.validated_data
        feed = register_feed(owner, **words, now=timezone.now())
        shown = guest_feed_for(owner, feed.pk)
        return Response(GuestFeedSerializer(shown).data, status=201)


class GuestFeedView(APIView):
    """One feed."""

    permission_classes = [_ReadByAnyone]

    @extend_schema(responses=GuestFeedSerializer)
    def get(self, request: Request, feed_id: UUID) -> Response:
        """Show a feed."""
        return Response(GuestFeedSerializer(guest_feed_for(request.user, feed_id)).data)

    @extend_schema(request=None, responses={204: OpenApiResponse(description="Removed.")})
    def delete(self, request: Request, feed_id: UUID) -> Response:
        """Remove a feed of mine, for everybody; moderators remove any."""
        remove_feed(user_of(request), feed_id)
        return Response(status=204)


class GuestClipsView(APIView):
    """The clips of one feed."""

    permission_classes = [AllowAny]

    @extend_schema(parameters=page_parameters(), responses=GUEST_PAGE)
    def get(self, request: Request, feed_id: UUID) -> Response:
        """List a feed's clips in its order; what it leaves open our latest clips fill."""
        asked = page_request(request.query_params)
        _, page = guest_page(request.user, feed_id, asked=asked, now=timezone.now())
        return Response(page.body(lambda card: card))


class ReadingView(APIView):
    """Whether I keep a feed."""

    @extend_schema(request=ReadingSerializer, responses={204: OpenApiResponse(description="Kept.")})
    def put(self, request: Request, feed_id: UUID) -> Response:
        """Keep a feed among mine."""
        asked = ReadingSerializer(data=request.data)
        asked.is_valid(raise_exception=True)
        is_known = asked.validated_data["is_known"]
        read_feed(user_of(request), feed_id, is_known=is_known, now=timezone.now())
        return Response(status=204)

    @extend_schema(request=None, responses={204: OpenApiResponse(description="Let go.")})
    def delete(self, request: Request, feed_id: UUID) -> Response:
        """Keep it no more."""
        leave_feed(user_of(request), feed_id)
        return Response(status=204)
