"""Accounts below `/api/v1/`."""

from django.urls import path

from accounts.views import ApiKeysView, ApiKeyView, MeView, MyPictureView, picture

app_name = "accounts"

urlpatterns = [
    path("me", MeView.as_view(), name="me"),
    path("me/picture", MyPictureView.as_view(), name="my-picture"),
    path("me/keys", ApiKeysView.as_view(), name="keys"),
    path("me/keys/<uuid:key_id>", ApiKeyView.as_view(), name="key"),
    path("users/<str:handle>/picture", picture, name="picture"),
]
