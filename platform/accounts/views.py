"""A person's own account and keys, over HTTP."""

from typing import Any
from uuid import UUID

from django.http import Http404, HttpRequest
from django.http.response import HttpResponseBase
from django.utils import timezone
from django.views.decorators.http import require_safe
from drf_spectacular.utils import OpenApiResponse, extend_schema
from rest_framework.parsers import MultiPartParser
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from accounts.authentication import user_of
from accounts.idempotency import idempotent
from accounts.pictures import CONTENT_TYPE, MAX_PICTURE_BYTES, PictureRefused
from accounts.selectors import api_keys_of, person
from accounts.serializers import (
    ApiKeySerializer,
    MeSerializer,
    NewApiKeySerializer,
    PictureSerializer,
)
from accounts.services import (
    create_api_key,
    remove_picture,
    revoke_api_key,
    set_picture,
    update_profile,
)
from common.downloads import stored_file
from common.errors import NotFound
from common.objects import store
from common.pagination import NewestFirst, page_request
from common.schema import page_parameters, paged

KEYS = NewestFirst("api_keys")


class MeView(APIView):
    """The person who asks."""

    @extend_schema(responses=MeSerializer)
    def get(self, request: Request) -> Response:
        """Show me my account."""
        return Response(MeSerializer(user_of(request)).data)

    @extend_schema(request=MeSerializer, responses=MeSerializer)
    def patch(self, request: Request) -> Response:
        """Change my display name or bio."""
        asked = MeSerializer(data=request.data, partial=True)
        asked.is_valid(raise_exception=True)
        return Response(MeSerializer(update_profile(user_of(request), **asked.validated_data)).data)


class MyPictureView(APIView):
    """The picture of the person who asks."""

    parser_classes = [MultiPartParser]

    @extend_schema(request=PictureSerializer, responses=MeSerializer)
    def put(self, request: Request) -> Response:
        """Show this picture beside my name."""
        picture = request.FILES.get("picture")
        if picture is None:
            raise PictureRefused("Send the picture as the multipart field `picture`.")
        data = picture.read(MAX_PICTURE_BYTES + 1)
        return Response(MeSerializer(set_picture(user_of(request), data)).data)

    @extend_schema(request=None, responses={204: OpenApiResponse(description="No picture now.")})
    def delete(self, request: Request) -> Response:
        """Show no picture."""
        remove_picture(user_of(request))
        return Response(status=204)


class ApiKeysView(APIView):
    """The keys of the person who asks."""

    @extend_schema(parameters=page_parameters(), responses=paged(ApiKeySerializer))
    def get(self, request: Request) -> Response:
        """List my keys that still work, newest first."""
        asked = page_request(request.query_params)
        rows = KEYS.ordered(api_keys_of(user_of(request)), asked.cursor)[: asked.limit + 1]
        page = KEYS.cut(list(rows), limit=asked.limit, position=lambda key: (None, key.pk))
        return Response(page.body(lambda key: ApiKeySerializer(key).data))

    @extend_schema(request=ApiKeySerializer, responses={201: NewApiKeySerializer})
    @idempotent(untold=("secret",))
    def post(self, request: Request) -> Response:
        """Make a key; its secret is shown this once."""
        asked = ApiKeySerializer(data=request.data)
        asked.is_valid(raise_exception=True)
        name = asked.validated_data["name"]
        key, secret = create_api_key(user_of(request), name=name, now=timezone.now())
        body: dict[str, Any] = {**ApiKeySerializer(key).data, "secret": secret}
        return Response(body, status=201)


class ApiKeyView(APIView):
    """One key of the person who asks."""

    @extend_schema(request=None, responses={204: OpenApiResponse(description="Revoked.")})
    def delete(self, request: Request, key_id: UUID) -> Response:
        """Revoke the key, at once and for good."""
        revoke_api_key(user_of(request), key_id, now=timezone.now())
        return Response(status=204)


@require_safe
def picture(request: HttpRequest, handle: str) -> HttpResponseBase:
    """A person's picture: WebP, 256 x 256."""
    try:
        digest = person(handle).picture_digest
    except NotFound as error:
        raise Http404 from error
    if not digest:
        raise Http404
    size = store().size_of(digest)
    return stored_file(request, store(), key=digest, size_bytes=size, content_type=CONTENT_TYPE)
