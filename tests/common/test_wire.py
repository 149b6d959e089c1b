"""Every error in the dialect of its route, and never a trace of the code."""

import json
from http import HTTPStatus
from typing import Any

import pytest
from django.db import OperationalError
from django.http import Http404, HttpRequest
from django.test import RequestFactory
from redis.exceptions import ConnectionError as ValkeyUnreachable
from rest_framework import exceptions as drf
from rest_framework.response import Response

from common import wire
from common.errors import (
    Conflict,
    Denied,
    Invalid,
    NotFound,
    Refused,
    ReverieError,
    TooMany,
    Unavailable,
)


class OpenAIView:
    error_dialect = "openai"


class OurView:
    pass


def answer(error: Exception, view: object = OurView) -> Response:
    return wire.exception_handler(error, {"view": view, "request": None})


@pytest.mark.parametrize(
    ("error", "status", "kind"),
    [
        (Invalid("no", field="size"), 400, "invalid_request_error"),
        (Refused("no", code="moderation_blocked"), 400, "invalid_request_error"),
        (Denied("no"), 403, "permission_error"),
        (NotFound("no"), 404, "invalid_request_error"),
        (Conflict("no"), 409, "invalid_request_error"),
        (TooMany("no", retry_after_seconds=7), 429, "rate_limit_error"),
        (Unavailable("no"), 503, "server_error"),
        (drf.NotAuthenticated(), 401, "authentication_error"),
        (drf.MethodNotAllowed("PUT"), 405, "invalid_request_error"),
        (drf.UnsupportedMediaType("text/x"), 415, "invalid_request_error"),
        (Http404(), 404, "invalid_request_error"),
        (OperationalError("the server closed the connection"), 503, "server_error"),
        (ValkeyUnreachable("refused"), 503, "server_error"),
    ],
)
def test_a_kind_of_error_has_its_status_in_both_dialects(
    error: Exception, status: int, kind: str
) -> None:
    openai, ours = answer(error, OpenAIView), answer(error)

    assert openai.status_code == ours.status_code == status
    assert set(openai.data) == {"error"}
    assert set(openai.data["error"]) == {"message", "type", "param", "code"}
    assert openai.data["error"]["type"] == kind
    assert openai.content_type == "application/json"
    assert ours.content_type == "application/problem+json"
    assert ours.data["status"] == status
    assert ours.data["title"] == HTTPStatus(status).phrase
    assert ours.data["code"] == openai.data["error"]["code"]


def test_a_refusal_names_its_field_and_code() -> None:
    refusal = Refused("Not this.", code="moderation_blocked", field="prompt")

    assert answer(refusal, OpenAIView).data == {
        "error": {
            "message": "Not this.",
            "type": "invalid_request_error",
            "param": "prompt",
            "code": "moderation_blocked",
        }
    }
    assert answer(refusal).data == {
        "type": "about:blank",
        "title": "Bad Request",
        "status": 400,
        "detail": "Not this.",
        "code": "moderation_blocked",
        "errors": {"prompt": ["Not this."]},
    }


def test_who_must_wait_is_told_how_long() -> None:
    assert answer(TooMany("no", retry_after_seconds=7)).headers["Retry-After"] == "7"
    assert answer(drf.Throttled(wait=0.2)).headers["Retry-After"] == "1"
    assert int(answer(Unavailable("no")).headers["Retry-After"]) > 0


def test_a_wrong_field_deep_inside_is_named() -> None:
    nested = drf.ValidationError({"author": {"name": ["Too long."]}, "tags": [{}, {"t": ["Bad."]}]})

    assert answer(nested).data["errors"] == {"author.name": ["Too long."], "tags.1.t": ["Bad."]}
    assert answer(nested, OpenAIView).data["error"]["param"] == "author.name"


@pytest.mark.parametrize("error", [RuntimeError("secret"), KeyError("secret"), ReverieError("x")])
def test_our_own_mistakes_are_noted_and_not_told(
    error: Exception, caplog: pytest.LogCaptureFixture
) -> None:
    for view in (OpenAIView, OurView):
        response = answer(error, view)
        assert response.status_code == 500
        assert "secret" not in json.dumps(response.data)
    assert "unexpected error" in caplog.text


@pytest.mark.parametrize(
    ("path", "content_type"),
    [
        ("/v1/nowhere", "application/json"),
        ("/api/v1/nowhere", "application/problem+json"),
    ],
)
def test_an_unknown_address_answers_in_the_dialect_of_its_path(
    path: str, content_type: str, client: Any, db: None
) -> None:
    response = client.get(path)
    assert response.status_code == 404
    assert response.headers["Content-Type"] == content_type


def test_people_read_words_in_place_of_a_dialect(client: Any, db: None) -> None:
    response = client.get("/nowhere")
    assert response.status_code == 404
    assert response.headers["Content-Type"] in {
        "text/html; charset=utf-8",
        "text/plain; charset=utf-8",
    }
    assert wire.NOT_FOUND.detail in response.content.decode()


def test_a_page_shows_an_outage_as_such() -> None:
    request = RequestFactory().get("/v1/videos")
    with pytest.raises(OperationalError):
        _answered_while_out(request)
    assert wire.server_error(request).status_code == 500


def _answered_while_out(request: HttpRequest) -> None:
    try:
        connection_that_breaks()
    finally:
        response = wire.server_error(request)
        assert response.status_code == 503
        assert response.headers["Retry-After"]


def connection_that_breaks() -> None:
    raise OperationalError("gone")
