"""`/api/v1/uploads`: people's own video files on their way to become clips."""

from typing import Any
from uuid import UUID

from django.http import HttpRequest
from django.http.response import HttpResponseBase
from django.utils import timezone
from drf_spectacular.utils import OpenApiResponse, extend_schema
from rest_framework.parsers import MultiPartParser
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from accounts.authentication import user_of
from accounts.idempotency import idempotent
from common.limits import PersonLimit, VisitorLimit
from common.pagination import NewestFirst, page_request
from common.schema import page_parameters, paged
from uploads.limits import UploadsPerPerson
from uploads.receiving import FIELD, place_to_receive, received_file
from uploads.selectors import upload_for, uploads_of
from uploads.serializers import UploadRequestSerializer, UploadSerializer, upload_object
from uploads.services import check_may_upload, delete_upload, receive_upload

UPLOADS = NewestFirst("uploads")


class UploadsView(APIView):
    """All of a person's uploads."""

    parser_classes = [MultiPartParser]
    throttle_classes = [VisitorLimit, PersonLimit, UploadsPerPerson]

    def dispatch(self, request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponseBase:
        """Have a place for the file ready first: the CSRF check already reads the form."""
        if request.method != "POST":
            return super().dispatch(request, *args, **kwargs)
        with place_to_receive(request):
            return super().dispatch(request, *args, **kwargs)

    @extend_schema(
        operation_id="uploads_list",
        parameters=page_parameters(),
        responses=paged(UploadSerializer),
    )
    def get(self, request: Request) -> Response:
        """List my uploads, newest first."""
        asked = page_request(request.query_params)
        rows = UPLOADS.ordered(uploads_of(user_of(request)), asked.cursor)[: asked.limit + 1]
        page = UPLOADS.cut(list(rows), limit=asked.limit, position=lambda row: (None, row.pk))
        return Response(page.body(upload_object))

    @extend_schema(request=UploadRequestSerializer, responses={202: UploadSerializer})
    def post(self, request: Request) -> HttpResponseBase:
        """Send a video file; it is read, marked and judged, and then becomes a clip."""
        check_may_upload(user_of(request))
        return self._received(request)

    @idempotent()
    def _received(self, request: Request) -> Response:
        file = request.FILES.get(FIELD)
        path = received_file(file)
        asked = UploadRequestSerializer(data=request.data)
        asked.is_valid(raise_exception=True)
        upload = receive_upload(
            user_of(request),
            path,
            name=str(getattr(file, "name", "")),
            order=asked.order(),
            now=timezone.now(),
        )
        return Response(upload_object(upload_for(user_of(request), upload.pk)), status=202)


class UploadView(APIView):
    """One upload."""

    @extend_schema(responses=UploadSerializer)
    def get(self, request: Request, upload_id: UUID) -> Response:
        """How far my upload is."""
        return Response(upload_object(upload_for(user_of(request), upload_id)))

    @extend_schema(request=None, responses={204: OpenApiResponse(description="Deleted.")})
    def delete(self, request: Request, upload_id: UUID) -> Response:
        """Take my upload away, with its clip."""
        delete_upload(user_of(request), upload_id, now=timezone.now())
        return Response(status=204)
