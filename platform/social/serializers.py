"""People, comments and what one does to a clip, as JSON."""

from typing import Any

from rest_framework import serializers

from accounts.models import User
from accounts.selectors import picture_url
from clips.models import Clip
from social.models.comments import Comment
from social.models.notifications import Kind
from social.models.saving import MAX_TITLE_LENGTH, Collection
from social.selectors.notifications import News
from social.selectors.people import Profile


class PersonSerializer(serializers.Serializer[User]):
    """A person beside something of theirs."""

    handle = serializers.CharField()
    display_name = serializers.CharField()
    picture_url = serializers.SerializerMethodField()

    def get_picture_url(self, user: User) -> str | None:
        """Where the picture is found, if there is one."""
        return picture_url(user.handle, user.picture_digest)


class ProfileCountsSerializer(serializers.Serializer[Profile]):
    """How many, of what the viewer may see."""

    followers = serializers.IntegerField(source="follower_count")
    following = serializers.IntegerField(source="following_count")
    clips = serializers.IntegerField(source="clip_count")


class ProfileViewerSerializer(serializers.Serializer[Profile]):
    """What the person is to the viewer."""

    following = serializers.BooleanField(source="is_followed")
    follows_me = serializers.BooleanField(source="follows_viewer")
    muted = serializers.BooleanField(source="is_muted")
    is_me = serializers.BooleanField(source="is_viewer")


class ProfileSerializer(serializers.Serializer[Profile]):
    """A person's public page."""

    handle = serializers.CharField(source="user.handle")
    display_name = serializers.CharField(source="user.display_name")
    bio = serializers.CharField(source="user.bio")
    picture_url = serializers.SerializerMethodField()
    created_at = serializers.DateTimeField(source="user.created_at")
    counts = ProfileCountsSerializer(source="*")
    viewer = ProfileViewerSerializer(source="*")

    def get_picture_url(self, profile: Profile) -> str | None:
        """Where the picture is found, if there is one."""
        return picture_url(profile.user.handle, profile.user.picture_digest)


class FollowingSerializer(serializers.Serializer[Any]):
    """Whether the viewer follows, now."""

    following = serializers.BooleanField()


class BlockedSerializer(serializers.Serializer[Any]):
    """Whether the viewer blocks, now."""

    blocked = serializers.BooleanField()


class MutedSerializer(serializers.Serializer[Any]):
    """Whether the viewer mutes, now."""

    muted = serializers.BooleanField()


class LikedSerializer(serializers.Serializer[Any]):
    """Whether the viewer likes the clip, and how many do, now."""

    liked = serializers.BooleanField()
    likes = serializers.IntegerField()


class CommentSerializer(serializers.Serializer[Comment]):
    """Something said under a clip."""

    id = serializers.UUIDField(read_only=True)
    author = PersonSerializer(read_only=True)
    reply_to = serializers.UUIDField(
        source="reply_to_id",
        required=False,
        allow_null=True,
        help_text="The comment it answers; an answer to a reply joins that reply's thread.",
    )
    reply_count = serializers.IntegerField(read_only=True, default=0)
    text = serializers.CharField(max_length=500)
    created_at = serializers.DateTimeField(read_only=True)


class ViewSerializer(serializers.Serializer[Any]):
    """How much of a clip was watched."""

    watched_seconds = serializers.FloatField(min_value=0, max_value=86_400)
    completed = serializers.BooleanField(default=False)


class SavedSerializer(serializers.Serializer[Any]):
    """Whether the viewer saved the clip, now."""

    saved = serializers.BooleanField()


class ShareSerializer(serializers.Serializer[Any]):
    """The viewer's link to a clip."""

    url = serializers.CharField()
    visits = serializers.IntegerField(
        allow_null=True, help_text="How often it was followed; null for a visitor's link."
    )


class CollectionSerializer(serializers.Serializer[Collection]):
    """Some of a person's saved clips, under a title."""

    id = serializers.UUIDField(read_only=True)
    owner = PersonSerializer(read_only=True)
    title = serializers.CharField(max_length=MAX_TITLE_LENGTH)
    is_public = serializers.BooleanField(default=False)
    clip_count = serializers.IntegerField(
        read_only=True, help_text="How many of its clips I may see."
    )
    created_at = serializers.DateTimeField(read_only=True)


class CollectedSerializer(serializers.Serializer[Any]):
    """Whether the clip is in the collection, now."""

    collected = serializers.BooleanField()


class NotificationClipSerializer(serializers.Serializer[Clip]):
    """The clip that something is told of."""

    id = serializers.UUIDField()
    caption = serializers.CharField()
    page = serializers.SerializerMethodField()

    def get_page(self, clip: Clip) -> str:
        """Where it is shown."""
        return f"/clips/{clip.pk}"


class NotificationSerializer(serializers.Serializer[News]):
    """Something I am told."""

    id = serializers.UUIDField(source="row.id")
    kind = serializers.ChoiceField(source="row.kind", choices=Kind.choices)
    at = serializers.DateTimeField(source="row.at")
    read_at = serializers.DateTimeField(source="row.read_at", allow_null=True)
    people = PersonSerializer(many=True, help_text="Who did it, the newest first, two at most.")
    other_count = serializers.IntegerField(help_text="How many others did it too.")
    clip = NotificationClipSerializer(allow_null=True)
    comment_id = serializers.UUIDField(source="row.comment_id", allow_null=True)
    text = serializers.CharField(help_text="What was said, if it is about words.")


class UnreadSerializer(serializers.Serializer[Any]):
    """How much is unread."""

    unread = serializers.IntegerField(min_value=0, max_value=99)


class ReadUntilSerializer(serializers.Serializer[Any]):
    """Up to when everything is read."""

    until = serializers.DateTimeField()


class NotificationSettingsSerializer(serializers.Serializer[Any]):
    """What I want to be told."""

    unwanted = serializers.ListField(
        child=serializers.ChoiceField(choices=Kind.choices),
        max_length=len(Kind),
        help_text="The kinds I am not told of.",
    )
    wants_digest = serializers.BooleanField(help_text="Whether to mail me once a day.")
