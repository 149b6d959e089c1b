"""The schema of a clip on the wire; `feed.cards` makes exactly this, without DRF's cost."""

from typing import Any

from rest_framework import serializers

from accounts.selectors import picture_url
from clips.models import Limit, Origin, Privacy, Provenance
from clips.states import CLIP_STATES, DELETED
from common.schema import PageMetaSerializer
from feed.models.arrivals import CameFrom
from feed.models.guests import MAX_DESCRIPTION_LENGTH, MAX_NAME_LENGTH, MAX_URL_LENGTH
from feed.ranking.sending import MOST_AT_ONCE, OLDEST_SECONDS, SENT


class ClipAuthorSerializer(serializers.Serializer[Any]):
    """Who made a clip."""

    handle = serializers.CharField()
    display_name = serializers.CharField()
    picture_url = serializers.CharField(allow_null=True)


class ClipUrlsSerializer(serializers.Serializer[Any]):
    """Where a clip's files and its page are found."""

    mp4 = serializers.CharField()
    hls = serializers.CharField()
    poster = serializers.CharField()
    page = serializers.CharField()


class ClipCountsSerializer(serializers.Serializer[Any]):
    """How a clip is received; a second behind at most."""

    likes = serializers.IntegerField()
    comments = serializers.IntegerField()
    views = serializers.IntegerField()


class ClipViewerSerializer(serializers.Serializer[Any]):
    """What the viewer has to do with a clip."""

    liked = serializers.BooleanField()
    following = serializers.BooleanField()
    is_author = serializers.BooleanField()


class LabelSerializer(serializers.Serializer[Any]):
    """What is said of a clip in one word, in the shape of AT Protocol's labels."""

    issuer = serializers.CharField(help_text="Who says so: `policy`, a machine, or `moderators`.")
    subject = serializers.CharField(help_text="`clip:` and its id.")
    version = serializers.CharField(help_text="The SHA-256 of the file it was said of.")
    value = serializers.CharField(help_text="One of the labels of the policy.")
    negation = serializers.BooleanField()
    expiry = serializers.DateTimeField(allow_null=True)


class ClipSerializer(serializers.Serializer[Any]):
    """A clip."""

    id = serializers.UUIDField()
    author = ClipAuthorSerializer()
    caption = serializers.CharField()
    hashtags = serializers.ListField(child=serializers.CharField())
    origin = serializers.ChoiceField(choices=Origin.choices)
    prompt = serializers.CharField(
        help_text="What the clip was made from; empty for one that was uploaded."
    )
    privacy = serializers.ChoiceField(choices=Privacy.choices)
    state = serializers.ChoiceField(choices=sorted(CLIP_STATES.states - {DELETED}))
    limits = serializers.ListField(
        child=serializers.ChoiceField(choices=Limit.choices),
        help_text="How it may be shown: to known adults only, in no recommendation, blurred first.",
    )
    labels = LabelSerializer(many=True)
    reason = serializers.CharField(
        allow_null=True,
        help_text="Why it is not shown, or shown less, for its author and for moderators.",
    )
    created_at = serializers.DateTimeField()
    published_at = serializers.DateTimeField(allow_null=True)
    duration_seconds = serializers.FloatField()
    width = serializers.IntegerField()
    height = serializers.IntegerField()
    urls = ClipUrlsSerializer()
    provenance = serializers.ChoiceField(choices=Provenance.choices)
    digital_source_type = serializers.CharField(help_text="IPTC digital source type, a URI.")
    allows_remixes = serializers.BooleanField(
        help_text="Whether others may begin a video with its words."
    )
    counts = ClipCountsSerializer()
    viewer = ClipViewerSerializer()


class WordsSerializer(serializers.Serializer[Any]):
    """What an author says of a clip, and to whom."""

    caption = serializers.CharField(required=False, allow_blank=True, max_length=500)
    hashtags = serializers.ListField(
        child=serializers.CharField(max_length=61), required=False, max_length=20
    )
    privacy = serializers.ChoiceField(choices=Privacy.choices, required=False)


class ChangeClipSerializer(WordsSerializer):
    """What an author may change of a clip."""

    allows_remixes = serializers.BooleanField(required=False)


class PostClipSerializer(WordsSerializer):
    """A finished video to be posted."""

    video_id = serializers.CharField(help_text="A completed video of mine, `video_…`.")


class GuestOwnerSerializer(serializers.Serializer[Any]):
    """Who registered a feed."""

    handle = serializers.CharField()
    display_name = serializers.CharField()


class GuestFeedSerializer(serializers.Serializer[Any]):
    """A feed that somebody else makes."""

    id = serializers.UUIDField(read_only=True)
    name = serializers.CharField(max_length=MAX_NAME_LENGTH)
    description = serializers.CharField(
        max_length=MAX_DESCRIPTION_LENGTH, required=False, allow_blank=True, default=""
    )
    url = serializers.CharField(
        max_length=MAX_URL_LENGTH,
        help_text="Where the feed's server is asked for clips, `https://…`.",
    )
    owner = GuestOwnerSerializer(read_only=True)
    readers = serializers.IntegerField(source="reader_count", read_only=True)
    is_read = serializers.BooleanField(read_only=True, help_text="Whether I keep it.")
    is_known = serializers.BooleanField(
        read_only=True, help_text="Whether its server may know me by a pseudonym."
    )
    created_at = serializers.DateTimeField(read_only=True)


class ReadingSerializer(serializers.Serializer[Any]):
    """How I read a feed."""

    is_known = serializers.BooleanField(
        default=False,
        help_text="Whether its server may know me by a pseudonym, random and for this feed alone.",
    )


class GuestMetaSerializer(PageMetaSerializer):
    """How to go on, and whose the clips are."""

    named = serializers.IntegerField(
        help_text="So many of the clips, the first ones, are the feed's; the others are our latest."
    )
    trouble = serializers.ChoiceField(
        choices=["late", "wrong", "busy", "resting", "short"],
        allow_null=True,
        help_text="Why there are others: its server answered too late, wrongly, is asked by too "
        "many, is left alone for a while, or named too few clips that I may see.",
    )


class FoundViewerSerializer(serializers.Serializer[Any]):
    """What a person is to the viewer."""

    following = serializers.BooleanField(source="is_followed")
    is_me = serializers.BooleanField(source="is_viewer")


class FoundPersonSerializer(serializers.Serializer[Any]):
    """A person who was searched for."""

    handle = serializers.CharField(source="user.handle")
    display_name = serializers.CharField(source="user.display_name")
    bio = serializers.CharField(source="user.bio")
    picture_url = serializers.SerializerMethodField()
    viewer = FoundViewerSerializer(source="*")

    def get_picture_url(self, found: Any) -> str | None:
        """Where the picture is found, if there is one."""
        return picture_url(found.user.handle, found.user.picture_digest)


class TagSerializer(serializers.Serializer[Any]):
    """A hashtag; counted is what anybody may be recommended, up to a minute ago."""

    name = serializers.CharField()
    clips = serializers.IntegerField(source="clip_count")
    authors = serializers.IntegerField(source="author_count")
    is_trending = serializers.SerializerMethodField()

    def get_is_trending(self, tag: Any) -> bool:
        """Whether several people use it now."""
        return bool(tag.heat > 0)


class EventSerializer(serializers.Serializer[Any]):
    """Something a viewer did."""

    id = serializers.UUIDField(help_text="Chosen by the sender; sent again, it counts once.")
    action = serializers.ChoiceField(
        choices=sorted(SENT),
        help_text="What is done by a request of its own, a like for one, is not said here.",
    )
    clip_id = serializers.UUIDField()
    ago_seconds = serializers.FloatField(
        required=False, max_value=OLDEST_SECONDS, help_text="How long ago it happened."
    )
    watched_seconds = serializers.FloatField(required=False, min_value=0)
    loops = serializers.IntegerField(required=False, allow_null=True, min_value=0)
    request_id = serializers.UUIDField(
        required=False, allow_null=True, help_text="The page of the feed the clip was on."
    )
    position = serializers.IntegerField(required=False, allow_null=True, min_value=0)


class EventsSerializer(serializers.Serializer[Any]):
    """What a viewer did of late."""

    events = serializers.ListField(child=EventSerializer(), max_length=MOST_AT_ONCE)
    csrf_token = serializers.CharField(
        required=False, help_text="For beacons, which can not send it in a header."
    )


class EventRefusedSerializer(serializers.Serializer[Any]):
    """An event that was not taken, by its place in the batch."""

    index = serializers.IntegerField()
    code = serializers.CharField()
    field = serializers.CharField(allow_null=True)
    detail = serializers.CharField()


class EventsTakenSerializer(serializers.Serializer[Any]):
    """What became of a batch."""

    taken = serializers.IntegerField(help_text="Those of clips you may not see count nowhere.")
    refused = EventRefusedSerializer(many=True)


class RemixSerializer(serializers.Serializer[Any]):
    """A clip that came of another; null where it is not shown to me."""

    clip = ClipSerializer(allow_null=True)
    depth = serializers.IntegerField(help_text="Generations below; each comes behind its parent.")


class FamilySerializer(serializers.Serializer[Any]):
    """The remix tree around a clip."""

    ancestors = serializers.ListField(
        child=ClipSerializer(allow_null=True), help_text="Nearest first; null: not shown to me."
    )
    remixes = RemixSerializer(many=True)


class FiguresSerializer(serializers.Serializer[Any]):
    """How clips were received; null is a number from 1 to 4, which is not told."""

    reach = serializers.IntegerField(
        allow_null=True, help_text="Different people, of those who are logged in and profiled."
    )
    impressions = serializers.IntegerField(allow_null=True)
    views = serializers.IntegerField(allow_null=True)
    completion = serializers.FloatField(
        allow_null=True, help_text="Share of the views to the end; null where too few were."
    )
    likes = serializers.IntegerField(allow_null=True)
    comments = serializers.IntegerField(allow_null=True)
    shares = serializers.IntegerField(allow_null=True)
    saves = serializers.IntegerField(allow_null=True)
    remixes = serializers.IntegerField(allow_null=True)


class ClipFiguresSerializer(serializers.Serializer[Any]):
    """One clip's figures."""

    clip_id = serializers.UUIDField(source="clip.pk")
    figures = FiguresSerializer()


class DaySerializer(serializers.Serializer[Any]):
    """The views of one day (UTC)."""

    day = serializers.DateField()
    views = serializers.IntegerField(allow_null=True)


class PlaceSerializer(serializers.Serializer[Any]):
    """Where views in the feed, and visitors of the clips' pages, came from."""

    name = serializers.ChoiceField(choices=CameFrom.choices)
    count = serializers.IntegerField(allow_null=True)


class AnalyticsSerializer(serializers.Serializer[Any]):
    """How my clips, or one, were received in the last days."""

    days = serializers.IntegerField()
    since = serializers.DateField()
    total = FiguresSerializer()
    by_day = DaySerializer(many=True)
    places = PlaceSerializer(many=True)
    new_followers = serializers.IntegerField(
        allow_null=True, help_text="Who began to follow me in these days and still does."
    )
    clips = ClipFiguresSerializer(many=True, help_text="The newest 100.")
