"""No request body is larger than the deployment takes."""

from collections.abc import Iterator
from io import BytesIO
from typing import Any

import pytest
from django.core.handlers.wsgi import WSGIRequest
from django.http import HttpRequest, HttpResponse
from django.test import RequestFactory

from common.bodies import BodyLimitMiddleware

LIMIT = 1000


@pytest.fixture(autouse=True)
def _limit(settings: Any) -> Iterator[None]:
    settings.MAX_BODY_BYTES = LIMIT
    yield


def echo(request: HttpRequest) -> HttpResponse:
    return HttpResponse(str(len(request.body)))


def sent(request: HttpRequest) -> HttpResponse:
    return BodyLimitMiddleware(echo)(request)


def chunked(size: int) -> WSGIRequest:
    environ: dict[str, Any] = RequestFactory().post("/api/v1/clips").environ
    environ |= {"HTTP_TRANSFER_ENCODING": "chunked", "wsgi.input": BytesIO(b"x" * size)}
    del environ["CONTENT_LENGTH"]
    return WSGIRequest(environ)


@pytest.mark.parametrize(
    ("path", "content_type"),
    [("/v1/videos", "application/json"), ("/api/v1/clips", "application/problem+json")],
)
def test_a_body_over_the_limit_is_refused_by_its_declared_length(
    path: str, content_type: str
) -> None:
    make = RequestFactory().post
    fits = make(path, b"x" * LIMIT, content_type="application/json")
    too_large = make(path, b"x" * (LIMIT + 1), content_type="application/json")

    assert sent(fits).content == b"1000"
    assert sent(too_large).status_code == 413
    assert sent(too_large).headers["Content-Type"] == content_type


def test_a_chunked_body_is_read_and_measured() -> None:
    assert sent(chunked(LIMIT)).content == b"1000"
    assert sent(chunked(LIMIT + 1)).status_code == 413


@pytest.mark.parametrize("length", ["-1", "x", "²"])
def test_a_length_that_is_no_number_is_refused(length: str) -> None:
    request = RequestFactory().post("/api/v1/clips")
    request.META["CONTENT_LENGTH"] = length
    assert sent(request).status_code == 413
