"""Why I am shown a clip, and what the feed knows of me, over HTTP."""

from typing import Any
from uuid import UUID

from django.utils import timezone
from drf_spectacular.types import OpenApiTypes
from drf_spectacular.utils import OpenApiResponse, extend_schema
from rest_framework import serializers
from rest_framework.permissions import AllowAny
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from accounts.authentication import user_of
from feed.selectors.reasons import Lever, why_shown
from feed.selectors.wishes import wishes_as_told
from feed.services.profiles import export_profile, reset_profile


class ReasonSerializer(serializers.Serializer[Any]):
    """One sentence of why."""

    name = serializers.CharField()
    sentence = serializers.CharField(source="words")
    weight = serializers.FloatField(
        help_text="A source's share of the points, or how a factor moved the score."
    )
    lever = serializers.ChoiceField(choices=list(Lever), help_text="What I can change about it.")
    chip_id = serializers.UUIDField(source="chip", allow_null=True)


class ShownSerializer(serializers.Serializer[Any]):
    """What is on record of the last time I was shown the clip."""

    at = serializers.DateTimeField()
    request_id = serializers.UUIDField(source="request")
    position = serializers.IntegerField()
    sources = serializers.DictField(child=serializers.FloatField())
    factors = serializers.DictField(child=serializers.FloatField())
    score = serializers.FloatField()
    propensity = serializers.FloatField()
    is_exploration = serializers.BooleanField()
    model = serializers.CharField()


class WhySerializer(serializers.Serializer[Any]):
    """Why I am shown a clip."""

    lead = serializers.CharField(help_text="What is to be said where nothing is on record.")
    reasons = ReasonSerializer(many=True)
    chance = serializers.CharField(help_text="The part that chance had in it; often empty.")
    shown = ShownSerializer(allow_null=True)


class WhyView(APIView):
    """Why I am shown a clip."""

    permission_classes = [AllowAny]

    @extend_schema(responses=WhySerializer)
    def get(self, request: Request, clip_id: UUID) -> Response:
        """Say why I was shown the clip when I last was."""
        return Response(WhySerializer(why_shown(request.user, clip_id, now=timezone.now())).data)


class ProfileView(APIView):
    """What the feed knows of me."""

    @extend_schema(responses=OpenApiResponse(OpenApiTypes.OBJECT, "All that is kept."))
    def get(self, request: Request) -> Response:
        """Take along all that the feed keeps of me, and all I told it."""
        user, now = user_of(request), timezone.now()
        kept = export_profile(user, now=now) | {"told": wishes_as_told(user)}
        return Response(kept, headers={"Content-Disposition": 'attachment; filename="feed.json"'})

    @extend_schema(request=None, responses={204: OpenApiResponse(description="Forgotten.")})
    def delete(self, request: Request) -> Response:
        """Forget what the feed learned of me; what I told it stays until I take it back."""
        reset_profile(user_of(request))
        return Response(status=204)
