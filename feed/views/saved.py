"""Saved clips and collections, over HTTP."""

from uuid import UUID

from django.utils import timezone
from drf_spectacular.utils import OpenApiResponse, extend_schema
from rest_framework.permissions import AllowAny
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from accounts.authentication import user_of
from accounts.idempotency import idempotent
from common.limits import PersonLimit, VisitorLimit
from common.pagination import NewestFirst, page_request
from common.schema import page_parameters, paged
from feed.selectors.saved import collection_page, saved_page
from feed.serializers import ClipSerializer
from feed.services.collecting import edit_collection, open_collection
from feed.views.clips import ReadByAnyone
from social.limits import ChangesPerPerson
from social.selectors.saving import collection_for, collections_of
from social.serializers import CollectedSerializer, CollectionSerializer
from social.services.saving import collect_clip, delete_collection, uncollect_clip

COLLECTIONS = NewestFirst("collections")


class SavedView(APIView):
    """What I saved."""

    @extend_schema(parameters=page_parameters(), responses=paged(ClipSerializer))
    def get(self, request: Request) -> Response:
        """List the clips I saved, the newest first."""
        page = saved_page(user_of(request), asked=page_request(request.query_params))
        return Response(page.body(lambda card: card))


class CollectionsView(APIView):
    """My collections."""

    throttle_classes = [VisitorLimit, PersonLimit, ChangesPerPerson]

    @extend_schema(request=CollectionSerializer, responses={201: CollectionSerializer})
    @idempotent()
    def post(self, request: Request) -> Response:
        """Make a collection; only I see it unless it is public."""
        asked = CollectionSerializer(data=request.data)
        asked.is_valid(raise_exception=True)
        made = open_collection(user_of(request), **asked.validated_data, now=timezone.now())
        return Response(_shown(request, made.pk), status=201)


class PersonCollectionsView(APIView):
    """A person's collections."""

    permission_classes = [AllowAny]

    @extend_schema(parameters=page_parameters(), responses=paged(CollectionSerializer))
    def get(self, request: Request, handle: str) -> Response:
        """List a person's public collections, and all of mine, the newest first."""
        asked = page_request(request.query_params)
        found = collections_of(handle, viewer=request.user)
        rows = COLLECTIONS.ordered(found, asked.cursor)[: asked.limit + 1]
        page = COLLECTIONS.cut(list(rows), limit=asked.limit, position=lambda row: (None, row.pk))
        return Response(page.body(lambda row: CollectionSerializer(row).data))


class CollectionView(APIView):
    """One collection."""

    permission_classes = [ReadByAnyone]

    @extend_schema(responses=CollectionSerializer)
    def get(self, request: Request, collection_id: UUID) -> Response:
        """Show a public collection, or mine."""
        return Response(_shown(request, collection_id))

    @extend_schema(request=CollectionSerializer, responses=CollectionSerializer)
    def patch(self, request: Request, collection_id: UUID) -> Response:
        """Rename my collection, show it to others, or hide it."""
        asked = CollectionSerializer(data=request.data, partial=True)
        asked.is_valid(raise_exception=True)
        changes = asked.validated_data
        edit_collection(user_of(request), collection_id, **changes, now=timezone.now())
        return Response(_shown(request, collection_id))

    @extend_schema(request=None, responses={204: OpenApiResponse(description="Deleted.")})
    def delete(self, request: Request, collection_id: UUID) -> Response:
        """Delete my collection; its clips stay saved."""
        delete_collection(user_of(request), collection_id)
        return Response(status=204)


class CollectionClipsView(APIView):
    """What is in a collection."""

    permission_classes = [AllowAny]

    @extend_schema(parameters=page_parameters(), responses=paged(ClipSerializer))
    def get(self, request: Request, collection_id: UUID) -> Response:
        """List a collection's clips, as far as I may see them, the newest first."""
        collection = collection_for(request.user, collection_id)
        asked = page_request(request.query_params)
        page = collection_page(collection, viewer=request.user, asked=asked)
        return Response(page.body(lambda card: card))


class CollectedView(APIView):
    """A clip's place in a collection of mine."""

    throttle_classes = [VisitorLimit, PersonLimit, ChangesPerPerson]

    @extend_schema(request=None, responses=CollectedSerializer)
    def put(self, request: Request, collection_id: UUID, clip_id: UUID) -> Response:
        """Put a clip into my collection, and save it; again changes nothing."""
        collect_clip(user_of(request), collection_id, clip_id)
        return Response({"collected": True})

    @extend_schema(request=None, responses=CollectedSerializer)
    def delete(self, request: Request, collection_id: UUID, clip_id: UUID) -> Response:
        """Take a clip out of my collection; it stays saved."""
        uncollect_clip(user_of(request), collection_id, clip_id)
        return Response({"collected": False})


def _shown(request: Request, collection_id: UUID) -> dict[str, object]:
    return dict(CollectionSerializer(collection_for(request.user, collection_id)).data)
