"""The files of a clip, for those who may see it; and what any file is, for everybody."""

from dataclasses import asdict
from uuid import UUID

from django.http import Http404, HttpRequest
from django.http.response import HttpResponseBase
from django.views.decorators.http import require_safe
from drf_spectacular.utils import extend_schema
from rest_framework.parsers import MultiPartParser
from rest_framework.permissions import AllowAny
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from clips.limits import VerifyLimit
from clips.models import RenditionKind
from clips.selectors import rendition_for
from clips.serializers import (
    VerificationSerializer,
    VerifyAddressSerializer,
    VerifyFileSerializer,
)
from clips.verification import UnableToVerify, verify_address, verify_file
from common.downloads import stored_file
from common.errors import NotFound
from common.objects import store
from common.parsers import JSONParser


@require_safe
def clip_file(request: HttpRequest, clip_id: UUID, name: str) -> HttpResponseBase:
    """One stored file of one clip: MP4 with ranges, HLS playlist and segments, pictures."""
    try:
        rendition = rendition_for(request.user, clip_id, name)
    except NotFound as error:
        raise Http404(error.message) from error
    return stored_file(
        request,
        store(),
        key=rendition.digest,
        size_bytes=rendition.size_bytes,
        content_type=rendition.content_type,
        is_relative=rendition.kind == RenditionKind.HLS_PLAYLIST,
    )


class VerifyView(APIView):
    """What a copy of unknown origin says of itself, and what our own record says of it."""

    permission_classes = [AllowAny]
    parser_classes = [MultiPartParser, JSONParser]
    throttle_classes = [VerifyLimit]

    @extend_schema(
        request={
            "multipart/form-data": VerifyFileSerializer,
            "application/json": VerifyAddressSerializer,
        },
        responses=VerificationSerializer,
    )
    def post(self, request: Request) -> Response:
        """Look at a video or picture: as the field `file`, or one of ours as `url`.

        It is not kept, and the answer says nothing about a person.
        """
        file = request.FILES.get("file")
        if file is not None:
            found = verify_file(request.user, file.chunks())
        elif "url" in request.data:
            asked = VerifyAddressSerializer(data=request.data)
            asked.is_valid(raise_exception=True)
            found = verify_address(request.user, asked.validated_data["url"])
        else:
            raise UnableToVerify("Send a file as `file`, or an address here as `url`.")
        return Response(VerificationSerializer(asdict(found)).data)
