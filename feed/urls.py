"""The feed and clips below `/api/v1/`."""

from django.urls import path

from feed.views.clips import ClipsView, ClipView
from feed.views.comments import CommentsView, CommentView, RepliesView
from feed.views.guests import GuestClipsView, GuestFeedsView, GuestFeedView, ReadingView
from feed.views.lists import FeedView, PersonClipsView

app_name = "feed"

urlpatterns = [
    path("feed", FeedView.as_view(), name="feed"),
    path("clips", ClipsView.as_view(), name="clips"),
    path("clips/<uuid:clip_id>", ClipView.as_view(), name="clip"),
    path("clips/<uuid:clip_id>/comments", CommentsView.as_view(), name="comments"),
    path("comments/<uuid:comment_id>", CommentView.as_view(), name="comment"),
    path("comments/<uuid:comment_id>/replies", RepliesView.as_view(), name="replies"),
    path("feeds", GuestFeedsView.as_view(), name="guest-feeds"),
    path("feeds/<uuid:feed_id>", GuestFeedView.as_view(), name="guest-feed"),
    path("feeds/<uuid:feed_id>/clips", GuestClipsView.as_view(), name="guest-clips"),
    path("feeds/<uuid:feed_id>/reading", ReadingView.as_view(), name="guest-reading"),
    path("users/<str:handle>/clips", PersonClipsView.as_view(), name="by-person"),
]
