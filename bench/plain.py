"""The feed as one writes it with DRF: a ModelSerializer over a query with select_related."""

from typing import Any

from django.db.models import Exists, OuterRef
from rest_framework import serializers
from rest_framework.permissions import IsAuthenticated
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from accounts.models import User
from clips.models import Clip, Video
from feed.candidates import recommended_clips
from moderation.selectors.labels import labels_in_clip_query
from social.models.likes import Like
from social.models.people import Follow
from social.models.views import View


class AuthorSerializer(serializers.ModelSerializer[User]):
    """Who made a clip."""

    class Meta:
        model = User
        fields = ["handle", "display_name", "picture_digest"]


class VideoSerializer(serializers.ModelSerializer[Video]):
    """What is seen."""

    class Meta:
        model = Video
        fields = [
            "origin",
            "prompt",
            "duration_seconds",
            "width",
            "height",
            "provenance",
            "digital_source_type",
        ]


class PlainClipSerializer(serializers.ModelSerializer[Clip]):
    """A clip."""

    author = AuthorSerializer()
    video = VideoSerializer()
    labels = serializers.JSONField()
    is_liked = serializers.BooleanField()
    is_followed = serializers.BooleanField()

    class Meta:
        model = Clip
        fields = [
            "id",
            "author",
            "video",
            "caption",
            "hashtags",
            "privacy",
            "state",
            "limits",
            "labels",
            "reason",
            "created_at",
            "published_at",
            "like_count",
            "comment_count",
            "view_count",
            "is_liked",
            "is_followed",
        ]


class PlainFeedView(APIView):
    """Ten clips the viewer has not seen, newest first."""

    permission_classes = [IsAuthenticated]

    def get(self, request: Request) -> Response:
        """List them."""
        viewer: Any = request.user
        clips = (
            recommended_clips(viewer)
            .select_related("author", "video")
            .filter(~Exists(View.objects.filter(viewer=viewer, clip=OuterRef("pk"))))
            .annotate(
                labels=labels_in_clip_query(),
                is_liked=Exists(Like.objects.filter(user=viewer, clip=OuterRef("pk"))),
                is_followed=Exists(
                    Follow.objects.filter(follower=viewer, followee=OuterRef("author_id"))
                ),
            )
            .order_by("-published_at", "-id")[:10]
        )
        return Response({"data": PlainClipSerializer(clips, many=True).data})
