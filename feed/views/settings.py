"""A person's settings of the feed, over HTTP."""

from datetime import datetime
from typing import Any
from uuid import UUID

from django.utils import timezone
from drf_spectacular.utils import OpenApiResponse, extend_schema, inline_serializer
from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from accounts.authentication import user_of
from accounts.models import User
from clips.models import Provenance
from feed.models.wishes import LONGEST_CAP_MINUTES, MAX_WORD_LENGTH, FeedSettings
from feed.selectors.wishes import hidden_creators_of, muted_words_of, settings_of, topics_of
from feed.services.wishes import (
    change_settings,
    drop_topic,
    hide_creator,
    mute_word,
    set_topic_amount,
    show_creator,
    unmute_word,
)
from feed.serving.pace import seconds_today
from feed.serving.wishes import rules_of

KEPT = OpenApiResponse(description="It counts from the next page on.")
GONE = OpenApiResponse(description="It counts no more.")


class NightSerializer(serializers.Serializer[Any]):
    """From when to when the feed rests, in the person's own time zone."""

    start = serializers.TimeField(format="%H:%M")
    end = serializers.TimeField(format="%H:%M")


class AmountsSerializer(serializers.Serializer[Any]):
    """How much of each provenance state, from 0 (none) to 1 (all)."""

    generated = serializers.FloatField(min_value=0, max_value=1, required=False)
    declared = serializers.FloatField(min_value=0, max_value=1, required=False)
    suspected = serializers.FloatField(min_value=0, max_value=1, required=False)
    none = serializers.FloatField(min_value=0, max_value=1, required=False)


def _minutes(**told: Any) -> serializers.IntegerField:
    return serializers.IntegerField(
        min_value=1, max_value=LONGEST_CAP_MINUTES, allow_null=True, required=False, **told
    )


class RulesSerializer(serializers.Serializer[Any]):
    """What is in force: the choices, as far as the person's age allows."""

    is_minor = serializers.BooleanField()
    is_profiled = serializers.BooleanField()
    autoplay = serializers.BooleanField(source="plays_by_itself")
    daily_minutes = serializers.IntegerField(allow_null=True)
    session_minutes = serializers.IntegerField(allow_null=True)
    nights = NightSerializer(many=True)
    time_zone = serializers.CharField(source="zone")


class FeedSettingsSerializer(serializers.Serializer[Any]):
    """Choices; null stands for what is usual at the person's age."""

    is_profiled = serializers.BooleanField(allow_null=True, required=False)
    autoplay = serializers.BooleanField(allow_null=True, required=False, source="plays_by_itself")
    amounts = AmountsSerializer(required=False)
    daily_minutes = _minutes(help_text="After so many minutes the feed rests until midnight.")
    session_minutes = _minutes(help_text="After so many minutes the feed rests for 15.")
    night_break = NightSerializer(allow_null=True, required=False)
    time_zone = serializers.CharField(
        max_length=64, allow_blank=True, required=False, help_text="An IANA name."
    )
    in_force = RulesSerializer(read_only=True)
    seconds_today = serializers.IntegerField(
        read_only=True, help_text="Counted for people who have a cap only."
    )


class FeedSettingsView(APIView):
    """How my feed is."""

    @extend_schema(responses=FeedSettingsSerializer)
    def get(self, request: Request) -> Response:
        """Show me my settings."""
        user = user_of(request)
        return _told(user, settings_of(user), now=timezone.now())

    @extend_schema(request=FeedSettingsSerializer, responses=FeedSettingsSerializer)
    def patch(self, request: Request) -> Response:
        """Change some of them, from the next page on."""
        asked = FeedSettingsSerializer(data=request.data, partial=True)
        asked.is_valid(raise_exception=True)
        user, now = user_of(request), timezone.now()
        return _told(user, change_settings(user, _columns(asked.validated_data), now=now), now=now)


class WordSerializer(serializers.Serializer[Any]):
    """A muted word."""

    word = serializers.CharField()


class MutedWordsView(APIView):
    """The words I muted."""

    @extend_schema(
        responses=inline_serializer(name="MutedWords", fields={"data": WordSerializer(many=True)})
    )
    def get(self, request: Request) -> Response:
        """List the words I muted."""
        return Response({"data": [{"word": one} for one in muted_words_of(user_of(request))]})


class MutedWordView(APIView):
    """One muted word."""

    @extend_schema(request=None, responses={204: KEPT})
    def put(self, request: Request, word: str) -> Response:
        """Keep what says this word, or phrase, out of my lists."""
        mute_word(user_of(request), word, now=timezone.now())
        return Response(status=204)

    @extend_schema(request=None, responses={204: GONE})
    def delete(self, request: Request, word: str) -> Response:
        """Let it in again."""
        unmute_word(user_of(request), word)
        return Response(status=204)


class HiddenCreatorSerializer(serializers.Serializer[Any]):
    """Somebody whose clips I am not shown in lists."""

    handle = serializers.CharField(source="creator.handle")
    display_name = serializers.CharField(source="creator.display_name")
    created_at = serializers.DateTimeField()


class HiddenCreatorsView(APIView):
    """The creators I hid."""

    @extend_schema(
        responses=inline_serializer(
            name="HiddenCreators", fields={"data": HiddenCreatorSerializer(many=True)}
        )
    )
    def get(self, request: Request) -> Response:
        """List the creators I hid, newest first."""
        rows = hidden_creators_of(user_of(request))
        return Response({"data": HiddenCreatorSerializer(rows, many=True).data})


class HiddenCreatorView(APIView):
    """One creator I may hide."""

    @extend_schema(request=None, responses={204: KEPT})
    def put(self, request: Request, handle: str) -> Response:
        """Have nothing of this person in my lists; they are not told."""
        hide_creator(user_of(request), handle, now=timezone.now())
        return Response(status=204)

    @extend_schema(request=None, responses={204: GONE})
    def delete(self, request: Request, handle: str) -> Response:
        """Let this person's clips in again."""
        show_creator(user_of(request), handle)
        return Response(status=204)


class TopicSerializer(serializers.Serializer[Any]):
    """How much AI I want among clips about a topic."""

    id = serializers.UUIDField(read_only=True)
    topic = serializers.CharField(source="text", max_length=MAX_WORD_LENGTH)
    amount = serializers.FloatField(min_value=0, max_value=1)


class TopicsView(APIView):
    """The topics among which I want another amount of AI."""

    @extend_schema(
        responses=inline_serializer(name="Topics", fields={"data": TopicSerializer(many=True)})
    )
    def get(self, request: Request) -> Response:
        """List them."""
        return Response({"data": TopicSerializer(topics_of(user_of(request)), many=True).data})

    @extend_schema(request=TopicSerializer, responses=TopicSerializer)
    def post(self, request: Request) -> Response:
        """Say how much AI I want among clips about a topic, from the next page on."""
        asked = TopicSerializer(data=request.data)
        asked.is_valid(raise_exception=True)
        return Response(
            TopicSerializer(set_topic_amount(user_of(request), **asked.validated_data)).data
        )


class TopicView(APIView):
    """One topic."""

    @extend_schema(request=None, responses={204: GONE})
    def delete(self, request: Request, topic_id: UUID) -> Response:
        """Let it be as everywhere."""
        drop_topic(user_of(request), topic_id)
        return Response(status=204)


def _columns(told: dict[str, Any]) -> dict[str, Any]:
    """What is asked for, in the columns of FeedSettings."""
    columns = dict(told)
    amounts = columns.pop("amounts", {})
    columns |= {f"amount_{state}": share for state, share in amounts.items()}
    if "night_break" in columns:
        night = columns.pop("night_break") or {}
        columns |= {"break_from": night.get("start"), "break_to": night.get("end")}
    return columns


def _told(user: User, kept: FeedSettings, *, now: datetime) -> Response:
    night = {"start": kept.break_from, "end": kept.break_to} if kept.break_from else None
    told = {
        "is_profiled": kept.is_profiled,
        "plays_by_itself": kept.plays_by_itself,
        "amounts": {state: getattr(kept, f"amount_{state}") for state in Provenance.values},
        "daily_minutes": kept.daily_minutes,
        "session_minutes": kept.session_minutes,
        "night_break": night,
        "time_zone": kept.time_zone,
        "in_force": rules_of(user, now=now),
        "seconds_today": seconds_today(user, now=now),
    }
    return Response(FeedSettingsSerializer(told).data)
