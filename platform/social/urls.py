"""Social below `/api/v1/`."""

from django.urls import path

from social.views import (
    FollowersView,
    FollowingView,
    FollowView,
    LikeView,
    ProfileView,
    ViewsView,
)

app_name = "social"

urlpatterns = [
    path("users/<str:handle>", ProfileView.as_view(), name="profile"),
    path("users/<str:handle>/followers", FollowersView.as_view(), name="followers"),
    path("users/<str:handle>/following", FollowingView.as_view(), name="following"),
    path("users/<str:handle>/follow", FollowView.as_view(), name="follow"),
    path("clips/<uuid:clip_id>/like", LikeView.as_view(), name="like"),
    path("clips/<uuid:clip_id>/views", ViewsView.as_view(), name="views"),
]
