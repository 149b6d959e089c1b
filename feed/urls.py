"""The feed and clips below `/api/v1/`."""

from django.urls import path

from feed.views.analytics import AnalyticsView, ClipAnalyticsView
from feed.views.clips import ClipsView, ClipView
from feed.views.comments import CommentsView, CommentView, RepliesView
from feed.views.events import EventsView
from feed.views.feed import feed
from feed.views.guests import GuestClipsView, GuestFeedsView, GuestFeedView, ReadingView
from feed.views.lists import PersonClipsView
from feed.views.remixes import FamilyView, PinnedView, PinView
from feed.views.saved import (
    CollectedView,
    CollectionClipsView,
    CollectionsView,
    CollectionView,
    PersonCollectionsView,
    SavedView,
)
from feed.views.searching import SearchView, TagClipsView, TagsView, TagView
from feed.views.settings import (
    FeedSettingsView,
    HiddenCreatorsView,
    HiddenCreatorView,
    MutedWordsView,
    MutedWordView,
    TopicsView,
    TopicView,
)
from feed.views.steering import SteeringChipView, SteeringView
from feed.views.why import ProfileView, WhyView

app_name = "feed"

urlpatterns = [
    path("feed", feed, name="feed"),
    path("feed/steering", SteeringView.as_view(), name="steering"),
    path("feed/steering/<uuid:chip_id>", SteeringChipView.as_view(), name="steering-chip"),
    path("feed/settings", FeedSettingsView.as_view(), name="settings"),
    path("feed/profile", ProfileView.as_view(), name="profile"),
    path("clips/<uuid:clip_id>/why", WhyView.as_view(), name="why"),
    path("feed/muted-words", MutedWordsView.as_view(), name="muted-words"),
    path("feed/muted-words/<str:word>", MutedWordView.as_view(), name="muted-word"),
    path("feed/hidden-creators", HiddenCreatorsView.as_view(), name="hidden-creators"),
    path("feed/hidden-creators/<str:handle>", HiddenCreatorView.as_view(), name="hidden-creator"),
    path("feed/topics", TopicsView.as_view(), name="topics"),
    path("feed/topics/<uuid:topic_id>", TopicView.as_view(), name="topic"),
    path("events", EventsView.as_view(), name="events"),
    path("clips", ClipsView.as_view(), name="clips"),
    path("clips/<uuid:clip_id>", ClipView.as_view(), name="clip"),
    path("clips/<uuid:clip_id>/comments", CommentsView.as_view(), name="comments"),
    path("comments/<uuid:comment_id>", CommentView.as_view(), name="comment"),
    path("comments/<uuid:comment_id>/replies", RepliesView.as_view(), name="replies"),
    path("feeds", GuestFeedsView.as_view(), name="guest-feeds"),
    path("feeds/<uuid:feed_id>", GuestFeedView.as_view(), name="guest-feed"),
    path("feeds/<uuid:feed_id>/clips", GuestClipsView.as_view(), name="guest-clips"),
    path("feeds/<uuid:feed_id>/reading", ReadingView.as_view(), name="guest-reading"),
    path("me/saved", SavedView.as_view(), name="saved"),
    path("collections", CollectionsView.as_view(), name="collections"),
    path("collections/<uuid:collection_id>", CollectionView.as_view(), name="collection"),
    path(
        "collections/<uuid:collection_id>/clips",
        CollectionClipsView.as_view(),
        name="collection-clips",
    ),
    path(
        "collections/<uuid:collection_id>/clips/<uuid:clip_id>",
        CollectedView.as_view(),
        name="collected",
    ),
    path(
        "users/<str:handle>/collections", PersonCollectionsView.as_view(), name="person-collections"
    ),
    path("users/<str:handle>/clips", PersonClipsView.as_view(), name="by-person"),
    path("clips/<uuid:clip_id>/remixes", FamilyView.as_view(), name="remixes"),
    path("clips/<uuid:clip_id>/pin", PinView.as_view(), name="pin"),
    path("users/<str:handle>/pinned", PinnedView.as_view(), name="pinned"),
    path("me/analytics", AnalyticsView.as_view(), name="analytics"),
    path("clips/<uuid:clip_id>/analytics", ClipAnalyticsView.as_view(), name="clip-analytics"),
    path("search", SearchView.as_view(), name="search"),
    path("tags", TagsView.as_view(), name="tags"),
    path("tags/<str:tag>", TagView.as_view(), name="tag"),
    path("tags/<str:tag>/clips", TagClipsView.as_view(), name="tag-clips"),
]
