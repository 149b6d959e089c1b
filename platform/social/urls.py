"""Social below `/api/v1/`."""

from django.urls import path

from social.views.clips import LikeView, SaveView, SharesView, ViewsView
from social.views.notifications import (
    NotificationSettingsView,
    NotificationsView,
    ReadView,
    UnreadView,
)
from social.views.people import (
    BlocksView,
    BlockView,
    FollowersView,
    FollowingView,
    FollowView,
    MutesView,
    MuteView,
    MutualsView,
    ProfileView,
)

app_name = "social"

urlpatterns = [
    path("users/<str:handle>", ProfileView.as_view(), name="profile"),
    path("users/<str:handle>/followers", FollowersView.as_view(), name="followers"),
    path("users/<str:handle>/following", FollowingView.as_view(), name="following"),
    path("users/<str:handle>/mutuals", MutualsView.as_view(), name="mutuals"),
    path("users/<str:handle>/follow", FollowView.as_view(), name="follow"),
    path("users/<str:handle>/block", BlockView.as_view(), name="block"),
    path("users/<str:handle>/mute", MuteView.as_view(), name="mute"),
    path("me/blocks", BlocksView.as_view(), name="blocks"),
    path("me/mutes", MutesView.as_view(), name="mutes"),
    path("clips/<uuid:clip_id>/like", LikeView.as_view(), name="like"),
    path("clips/<uuid:clip_id>/save", SaveView.as_view(), name="save"),
    path("clips/<uuid:clip_id>/shares", SharesView.as_view(), name="shares"),
    path("notifications", NotificationsView.as_view(), name="notifications"),
    path("notifications/unread", UnreadView.as_view(), name="unread"),
    path("notifications/read", ReadView.as_view(), name="read"),
    path("me/notifications", NotificationSettingsView.as_view(), name="notification-settings"),
    path("clips/<uuid:clip_id>/views", ViewsView.as_view(), name="views"),
]
