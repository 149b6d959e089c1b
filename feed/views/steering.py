"""Words that steer the feed, over HTTP."""

from typing import Any
from uuid import UUID

from django.utils import timezone
from drf_spectacular.utils import OpenApiResponse, extend_schema, inline_serializer
from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from accounts.authentication import user_of
from accounts.idempotency import idempotent
from feed.models.wishes import MAX_PHRASE_LENGTH
from feed.selectors.wishes import chips_of
from feed.services.wishes import drop_chip, drop_chips, steer


class SteeringSerializer(serializers.Serializer[Any]):
    """A sentence."""

    text = serializers.CharField(
        max_length=MAX_PHRASE_LENGTH, help_text="Such as `more rainy anime, no horror`."
    )


class ChipSerializer(serializers.Serializer[Any]):
    """A phrase that steers the feed."""

    id = serializers.UUIDField()
    text = serializers.CharField()
    strength = serializers.FloatField(help_text="From -1 (none of it) to 1 (more of it); never 0.")
    tags = serializers.ListField(child=serializers.CharField())
    until = serializers.DateTimeField(help_text="When it ceases to count.")


CHIPS = inline_serializer(name="Chips", fields={"data": ChipSerializer(many=True)})
GONE = OpenApiResponse(description="It counts no more.")


class SteeringView(APIView):
    """What I told my feed in words."""

    @extend_schema(responses=CHIPS)
    def get(self, request: Request) -> Response:
        """List the phrases that steer my feed."""
        return _chips(chips_of(user_of(request), now=timezone.now()))

    @extend_schema(request=SteeringSerializer, responses={201: CHIPS})
    @idempotent()
    def post(self, request: Request) -> Response:
        """Steer my feed in words, from the next page on; every phrase becomes a chip."""
        asked = SteeringSerializer(data=request.data)
        asked.is_valid(raise_exception=True)
        made = steer(user_of(request), asked.validated_data["text"], now=timezone.now())
        return _chips(made, status=201)

    @extend_schema(operation_id="feed_steering_clear", request=None, responses={204: GONE})
    def delete(self, request: Request) -> Response:
        """Take back all I told my feed in words."""
        drop_chips(user_of(request))
        return Response(status=204)


class SteeringChipView(APIView):
    """One phrase that steers my feed."""

    @extend_schema(request=None, responses={204: GONE})
    def delete(self, request: Request, chip_id: UUID) -> Response:
        """Take the phrase back."""
        drop_chip(user_of(request), chip_id)
        return Response(status=204)


def _chips(rows: Any, *, status: int = 200) -> Response:
    return Response({"data": ChipSerializer(rows, many=True).data}, status=status)
