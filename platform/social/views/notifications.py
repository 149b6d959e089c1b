"""What people are told, over HTTP."""

from django.utils import timezone
from drf_spectacular.utils import extend_schema
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from accounts.authentication import user_of
from common.pagination import NewestFirst, Page, page_request
from common.schema import page_parameters, paged
from social.selectors.notifications import notifications_of, told, unread_count, wanted_by
from social.serializers import (
    NotificationSerializer,
    NotificationSettingsSerializer,
    ReadUntilSerializer,
    UnreadSerializer,
)
from social.services.notifying import choose_notifications, read_notifications

NOTIFICATIONS = NewestFirst("notifications", time="at")


class NotificationsView(APIView):
    """What I am told."""

    @extend_schema(parameters=page_parameters(), responses=paged(NotificationSerializer))
    def get(self, request: Request) -> Response:
        """List what I am told and may still see, the newest first."""
        me, asked = user_of(request), page_request(request.query_params)
        found = notifications_of(me).select_related("comment")
        rows = NOTIFICATIONS.ordered(found, asked.cursor)[: asked.limit + 1]
        page = NOTIFICATIONS.cut(
            list(rows), limit=asked.limit, position=lambda row: (row.at, row.pk)
        )
        news = Page(told(page.items, receiver=me), page.next_cursor)
        return Response(news.body(lambda one: NotificationSerializer(one).data))


class UnreadView(APIView):
    """How much I have not read."""

    @extend_schema(responses=UnreadSerializer)
    def get(self, request: Request) -> Response:
        """Count what I have not read, up to 99."""
        return Response({"unread": unread_count(user_of(request))})


class ReadView(APIView):
    """What I have read."""

    @extend_schema(request=ReadUntilSerializer, responses=UnreadSerializer)
    def put(self, request: Request) -> Response:
        """Mark as read what I was told up to a moment."""
        asked = ReadUntilSerializer(data=request.data)
        asked.is_valid(raise_exception=True)
        me = user_of(request)
        read_notifications(me, **asked.validated_data, now=timezone.now())
        return Response({"unread": unread_count(me)})


class NotificationSettingsView(APIView):
    """What I want to be told."""

    @extend_schema(responses=NotificationSettingsSerializer)
    def get(self, request: Request) -> Response:
        """Show what I want to be told."""
        return Response(NotificationSettingsSerializer(wanted_by(user_of(request))).data)

    @extend_schema(request=NotificationSettingsSerializer, responses=NotificationSettingsSerializer)
    def patch(self, request: Request) -> Response:
        """Choose what I want to be told."""
        asked = NotificationSettingsSerializer(data=request.data, partial=True)
        asked.is_valid(raise_exception=True)
        me = user_of(request)
        choose_notifications(me, **asked.validated_data, now=timezone.now())
        return Response(NotificationSettingsSerializer(wanted_by(me)).data)
