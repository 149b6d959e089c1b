"""Where uploads are found."""

from django.urls import path

from uploads import views

app_name = "uploads"

urlpatterns = [
    path("uploads", views.UploadsView.as_view(), name="uploads"),
    path("uploads/<uuid:upload_id>", views.UploadView.as_view(), name="upload"),
]
