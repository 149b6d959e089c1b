"""Errors as HTTP answers: for DRF's views, and for what fails before or beside them."""

import logging
import sys
from http import HTTPStatus
from typing import Any

from django.core import exceptions as django_errors
from django.core.signals import got_request_exception
from django.db import InterfaceError, OperationalError
from django.http import Http404, HttpRequest, HttpResponse, JsonResponse
from django.template import TemplateDoesNotExist, loader
from redis.exceptions import ConnectionError as ValkeyUnreachable
from rest_framework import exceptions as drf_errors
from rest_framework.response import Response
from rest_framework.views import set_rollback

from common.errors import ReverieError
from common.problems import (
    CONTENT_TYPES,
    PROBLEM,
    Problem,
    dialect_of_path,
    outage,
    problem_of,
    unexpected,
)

log = logging.getLogger(__name__)

NOT_FOUND = Problem(404, "not_found", "There is nothing here.")
FORBIDDEN = Problem(403, "permission_denied", "You may not do this.")
BAD_REQUEST = Problem(400, "invalid_request", "The request could not be read.")
TOO_LARGE = Problem(413, "too_large", "The request is larger than is taken here.")
OUTAGES = (OperationalError, InterfaceError, ValkeyUnreachable)

DJANGO_PROBLEMS: tuple[tuple[type[Exception], Problem], ...] = (
    (Http404, NOT_FOUND),
    (django_errors.PermissionDenied, FORBIDDEN),
    (django_errors.RequestDataTooBig, TOO_LARGE),
    (django_errors.SuspiciousOperation, BAD_REQUEST),
    (django_errors.BadRequest, BAD_REQUEST),
)
DRF_CODES = {
    "not_authenticated": "missing_api_key",
    "authentication_failed": "invalid_api_key",
    "throttled": "rate_limit_exceeded",
    "parse_error": "invalid_request",
    "error": "server_error",
}


def exception_handler(exc: Exception, context: dict[str, Any]) -> Response:
    """Answer any exception of a DRF view in the dialect the view speaks (`error_dialect`).

    Our mistakes are logged and answered with 500 and no trace of the code.
    """
    problem = problem_from(exc)
    if problem.status == HTTPStatus.INTERNAL_SERVER_ERROR:
        _note_mistake(exc, context.get("request"))
    set_rollback()
    dialect = getattr(context.get("view"), "error_dialect", PROBLEM)
    return Response(
        problem.body(dialect),
        status=problem.status,
        headers=problem.headers,
        content_type=CONTENT_TYPES[dialect],
    )


def problem_from(exc: Exception) -> Problem:
    """The refusal that `exc` means; `unexpected()` for whatever nobody foresaw."""
    if isinstance(exc, ReverieError):
        return problem_of(exc)
    if isinstance(exc, drf_errors.APIException):
        return _from_drf(exc)
    if isinstance(exc, OUTAGES):
        log.warning("a server we stand on does not answer: %s", type(exc).__name__)
        return outage()
    known = (problem for kind, problem in DJANGO_PROBLEMS if isinstance(exc, kind))
    return next(known, unexpected())


def error_response(request: HttpRequest, problem: Problem) -> HttpResponse:
    """`problem` in the dialect of the path asked for, or as a page for people."""
    dialect = dialect_of_path(request.path)
    if dialect is None:
        return _page(request, problem)
    return JsonResponse(
        problem.body(dialect),
        status=problem.status,
        headers=problem.headers,
        content_type=CONTENT_TYPES[dialect],
    )


def not_found(request: HttpRequest, exception: Exception) -> HttpResponse:  # noqa: ARG001
    """Django's `handler404`."""
    return error_response(request, NOT_FOUND)


def permission_denied(request: HttpRequest, exception: Exception) -> HttpResponse:  # noqa: ARG001
    """Django's `handler403`."""
    return error_response(request, FORBIDDEN)


def bad_request(request: HttpRequest, exception: Exception) -> HttpResponse:
    """Django's `handler400`."""
    too_big = isinstance(exception, django_errors.RequestDataTooBig)
    return error_response(request, TOO_LARGE if too_big else BAD_REQUEST)


def server_error(request: HttpRequest) -> HttpResponse:
    """Django's `handler500`: also what a page shows while a database restarts."""
    current = sys.exc_info()[1]
    return error_response(request, outage() if isinstance(current, OUTAGES) else unexpected())


def csrf_failure(request: HttpRequest, reason: str = "") -> HttpResponse:  # noqa: ARG001
    """Django's `CSRF_FAILURE_VIEW`."""
    detail = "This form is too old. Load the page again and repeat what you did."
    return error_response(request, Problem(403, "csrf_failed", detail))


def _from_drf(exc: drf_errors.APIException) -> Problem:
    code = str(getattr(exc, "default_code", "error"))
    errors: dict[str, list[str]] = {}
    detail = str(exc.detail)
    if isinstance(exc, drf_errors.ValidationError):
        code, errors = "invalid_value", _by_field(exc.detail)
        detail = " ".join(message for messages in errors.values() for message in messages[:1])
    return Problem(exc.status_code, DRF_CODES.get(code, code), detail, errors, _headers_of(exc))


def _headers_of(exc: drf_errors.APIException) -> dict[str, str]:
    headers = {}
    if auth_header := getattr(exc, "auth_header", None):
        headers["WWW-Authenticate"] = auth_header
    if isinstance(exc, drf_errors.Throttled):
        headers["Retry-After"] = str(max(1, int(getattr(exc, "wait", None) or 1)))
    return headers


def _by_field(detail: Any, *, path: str = "") -> dict[str, list[str]]:
    """DRF's nested messages, flat: `{"author.name": ["…"]}`."""
    if isinstance(detail, dict):
        found: dict[str, list[str]] = {}
        for name, inner in detail.items():
            found |= _by_field(inner, path=f"{path}.{name}" if path else str(name))
        return found
    if isinstance(detail, list) and any(isinstance(inner, dict) for inner in detail):
        return _by_field(dict(enumerate(detail)), path=path)
    messages = detail if isinstance(detail, list) else [detail]
    return {path: [str(message) for message in messages]} if messages else {}


def _note_mistake(exc: Exception, request: Any) -> None:
    log.error("unexpected error", exc_info=exc)
    # As Django does, so that whoever watches for mistakes (its test client, say) hears of it.
    got_request_exception.send(sender=None, request=request)


def _page(request: HttpRequest, problem: Problem) -> HttpResponse:
    body, kind = problem.detail, "plain"
    try:
        template = loader.select_template([f"{problem.status}.html", "error.html"])
        body, kind = template.render({"problem": problem}, request), "html"
    except TemplateDoesNotExist:
        pass
    except Exception:  # the page may need what is just broken; words are always there
        log.exception("the page for status %d can not be shown", problem.status)
    return HttpResponse(
        body,
        status=problem.status,
        headers=problem.headers,
        content_type=f"text/{kind}; charset=utf-8",
    )
