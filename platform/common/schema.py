"""What every list and every refusal of `/api/v1/` has in common, for the OpenAPI schema."""

from functools import cache
from typing import Any

from drf_spectacular.types import OpenApiTypes
from drf_spectacular.utils import OpenApiParameter, inline_serializer
from rest_framework import serializers

from common.pagination import DEFAULT_LIMIT, MAX_LIMIT
from common.problems import CONTENT_TYPES, PROBLEM

PROBLEM_SCHEMA = {
    "type": "object",
    "description": "RFC 9457 problem details.",
    "required": ["type", "title", "status", "detail", "code"],
    "properties": {
        "type": {"type": "string", "format": "uri-reference"},
        "title": {"type": "string"},
        "status": {"type": "integer"},
        "detail": {"type": "string", "description": "For people: what to do about it."},
        "code": {"type": "string", "description": "For programs: stays the same."},
        "errors": {
            "type": "object",
            "description": "Messages by the field they are about.",
            "additionalProperties": {"type": "array", "items": {"type": "string"}},
        },
    },
}
OPENAI_ERROR_SCHEMA = {
    "type": "object",
    "description": "An error as the OpenAI API tells it.",
    "required": ["error"],
    "properties": {
        "error": {
            "type": "object",
            "required": ["message", "type", "param", "code"],
            "properties": {
                "message": {"type": "string"},
                "type": {"type": "string"},
                "param": {"type": ["string", "null"]},
                "code": {"type": ["string", "null"]},
            },
        }
    },
}


@cache
def paged(item: type[serializers.BaseSerializer[Any]]) -> serializers.Serializer[Any]:
    """The schema of a page of `item`."""
    name = item.__name__.removesuffix("Serializer")
    return inline_serializer(
        name=f"{name}Page",
        fields={"data": item(many=True), "meta": PageMetaSerializer()},
    )


class PageMetaSerializer(serializers.Serializer[Any]):
    """How to go on."""

    next_cursor = serializers.CharField(allow_null=True)
    has_more = serializers.BooleanField()


def page_parameters() -> list[OpenApiParameter]:
    """The query parameters of every list."""
    return [
        OpenApiParameter("cursor", OpenApiTypes.STR, description="`next_cursor` of the last page."),
        OpenApiParameter(
            "limit",
            {"type": "integer", "minimum": 1, "maximum": MAX_LIMIT, "default": DEFAULT_LIMIT},
            description="Items on the page.",
        ),
    ]


def describe_refusals(result: dict[str, Any], **_: Any) -> dict[str, Any]:
    """A drf-spectacular hook: say at every operation what its refusals look like."""
    schemas = result.setdefault("components", {}).setdefault("schemas", {})
    schemas |= {"Problem": PROBLEM_SCHEMA, "OpenAIError": OPENAI_ERROR_SCHEMA}
    for route, operations in result["paths"].items():
        name = "OpenAIError" if route.startswith("/v1/") else "Problem"
        media = "application/json" if route.startswith("/v1/") else CONTENT_TYPES[PROBLEM]
        content = {media: {"schema": {"$ref": f"#/components/schemas/{name}"}}}
        for operation in operations.values():
            operation["responses"]["default"] = {"description": "Refused.", "content": content}
    return result
