"""Search and hashtags."""

from collections.abc import Mapping
from enum import StrEnum
from typing import Any

from drf_spectacular.types import OpenApiTypes
from drf_spectacular.utils import OpenApiParameter, PolymorphicProxySerializer, extend_schema
from rest_framework.permissions import AllowAny
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from accounts.permissions import Viewer
from common.errors import Invalid
from common.limits import PersonLimit, VisitorLimit
from common.pagination import Page, PageRequest, page_request
from common.schema import page_parameters, paged
from feed.limits import SearchLimit
from feed.policy.asking import MOST_CHARACTERS, Asked, asked_for
from feed.selectors.searching import found_clips, found_people, found_tags
from feed.selectors.tags import Order, clips_with, tag_named, trending_tags, used_tag
from feed.serializers import ClipSerializer, FoundPersonSerializer, TagSerializer


class Kind(StrEnum):
    """What is searched."""

    CLIPS = "clips"
    PEOPLE = "people"
    TAGS = "tags"


class SearchView(APIView):
    """Search."""

    permission_classes = [AllowAny]
    throttle_classes = [VisitorLimit, PersonLimit, SearchLimit]

    @extend_schema(
        operation_id="search",
        parameters=[
            OpenApiParameter(
                "q",
                {"type": "string", "minLength": 1, "maxLength": MOST_CHARACTERS},
                required=True,
                description='Words; `"a phrase"`, `or` and `-without` are understood.',
            ),
            OpenApiParameter("kind", OpenApiTypes.STR, enum=list(Kind), default=Kind.CLIPS),
            *page_parameters(),
        ],
        responses=PolymorphicProxySerializer(
            component_name="SearchPage",
            serializers=[
                paged(ClipSerializer),
                paged(FoundPersonSerializer),
                paged(TagSerializer),
            ],
            resource_type_field_name=None,
        ),
    )
    def get(self, request: Request) -> Response:
        """Find clips by words and by meaning, people by name, or hashtags; best first."""
        query = request.query_params
        asked, page = asked_for(query.get("q", "")), page_request(query)
        return Response(_found(asked, kind=_kind(query), viewer=request.user, page=page))


def _kind(query: Mapping[str, str]) -> Kind:
    text = query.get("kind", Kind.CLIPS)
    if text not in list(Kind):
        raise Invalid(f"A kind is one of {', '.join(Kind)}.", field="kind")
    return Kind(text)


def _found(asked: Asked, *, kind: Kind, viewer: Viewer, page: PageRequest) -> dict[str, Any]:
    if kind == Kind.CLIPS:
        return found_clips(asked, viewer=viewer, page=page).body(lambda card: card)
    if kind == Kind.PEOPLE:
        people = found_people(asked, viewer=viewer, page=page)
        return people.body(lambda one: FoundPersonSerializer(one).data)
    return found_tags(asked, page=page).body(lambda tag: TagSerializer(tag).data)


class TagsView(APIView):
    """Hashtags."""

    permission_classes = [AllowAny]

    @extend_schema(operation_id="listTrendingTags", responses=paged(TagSerializer))
    def get(self, request: Request) -> Response:
        """List the hashtags that several people use now, hottest first."""
        page = Page(trending_tags(request.user), None)
        return Response(page.body(lambda tag: TagSerializer(tag).data))


class TagView(APIView):
    """One hashtag."""

    permission_classes = [AllowAny]

    @extend_schema(operation_id="retrieveTag", responses=TagSerializer)
    def get(self, request: Request, tag: str) -> Response:
        """How a hashtag is used, as far as anybody may be recommended it."""
        return Response(TagSerializer(used_tag(tag_named(tag))).data)


class TagClipsView(APIView):
    """The clips with a hashtag."""

    permission_classes = [AllowAny]

    @extend_schema(
        operation_id="listTagClips",
        parameters=[
            OpenApiParameter("order", OpenApiTypes.STR, enum=list(Order), default=Order.NEWEST),
            *page_parameters(),
        ],
        responses=paged(ClipSerializer),
    )
    def get(self, request: Request, tag: str) -> Response:
        """List the clips with a hashtag: newest first, or the most liked of its newest 1,000."""
        asked = page_request(request.query_params)
        order = request.query_params.get("order", Order.NEWEST)
        if order not in list(Order):
            raise Invalid(f"An order is one of {', '.join(Order)}.", field="order")
        page = clips_with(tag_named(tag), order=Order(order), viewer=request.user, asked=asked)
        return Response(page.body(lambda card: card))
