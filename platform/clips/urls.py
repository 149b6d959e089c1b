"""Where a clip's files are found, and where any file is looked at."""

from django.urls import path

from clips.views import VerifyView, clip_file

app_name = "clips"

urlpatterns = [
    path("clips/<uuid:clip_id>/files/<str:name>", clip_file, name="file"),
    path("api/v1/verify", VerifyView.as_view(), name="verify"),
]
