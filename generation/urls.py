"""Where the Videos API is spoken."""

from django.urls import path

from generation import views

app_name = "generation"

urlpatterns = [
    path("videos", views.VideosView.as_view(), name="videos"),
    path("videos/<str:video_id>", views.VideoView.as_view(), name="video"),
    path("videos/<str:video_id>/content", views.VideoContentView.as_view(), name="content"),
    path("videos/<str:video_id>/remix", views.VideoRemixView.as_view(), name="remix"),
    path("videos/<str:video_id>/events", views.VideoEventsView.as_view(), name="events"),
    path("models", views.ModelsView.as_view(), name="models"),
    path("models/<str:model_id>", views.ModelView.as_view(), name="model"),
]
