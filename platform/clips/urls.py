"""Where a clip's files are found."""

from django.urls import path

from clips.views import clip_file

app_name = "clips"

urlpatterns = [path("clips/<uuid:clip_id>/files/<str:name>", clip_file, name="file")]
