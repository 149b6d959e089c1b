"""What a refusal looks like, before it is HTTP: status, code, words; and its two spellings.

Under `/v1/` errors are spelled as the OpenAI API spells them, elsewhere as RFC 9457 problems.
"""

from dataclasses import dataclass, field
from http import HTTPStatus
from typing import Any

from common.errors import (
    Conflict,
    Denied,
    Invalid,
    NotFound,
    ReverieError,
    TooMany,
    Unavailable,
)

OPENAI = "openai"
PROBLEM = "problem"
CONTENT_TYPES = {OPENAI: "application/json", PROBLEM: "application/problem+json"}

STATUSES: tuple[tuple[type[ReverieError], int], ...] = (
    (Invalid, HTTPStatus.BAD_REQUEST),
    (NotFound, HTTPStatus.NOT_FOUND),
    (Denied, HTTPStatus.FORBIDDEN),
    (Conflict, HTTPStatus.CONFLICT),
    (TooMany, HTTPStatus.TOO_MANY_REQUESTS),
    (Unavailable, HTTPStatus.SERVICE_UNAVAILABLE),
)
RETRY_AFTER_OUTAGE_SECONDS = 2


@dataclass(frozen=True)
class Problem:
    """One refusal: `errors` lists messages by field, `headers` are HTTP headers to send along.

    `extensions` are what programs are told beyond that (RFC 9457, section 3.2).
    """

    status: int
    code: str
    detail: str
    errors: dict[str, list[str]] = field(default_factory=dict)
    headers: dict[str, str] = field(default_factory=dict)
    extensions: dict[str, str] = field(default_factory=dict)

    def body(self, dialect: str) -> dict[str, Any]:
        """The refusal as JSON, in the dialect `openai` or `problem`."""
        return self._as_openai() if dialect == OPENAI else self._as_problem()

    def _as_openai(self) -> dict[str, Any]:
        error = {
            "message": self.detail,
            "type": _openai_type(self.status),
            "param": next(iter(self.errors), None),
            "code": self.code,
        }
        return {"error": error}

    def _as_problem(self) -> dict[str, Any]:
        body: dict[str, Any] = {
            "type": "about:blank",
            "title": HTTPStatus(self.status).phrase,
            "status": self.status,
            "detail": self.detail,
            "code": self.code,
        }
        return body | self.extensions | ({"errors": self.errors} if self.errors else {})


def problem_of(error: ReverieError) -> Problem:
    """The refusal that one of our own errors is."""
    status = next((status for kind, status in STATUSES if isinstance(error, kind)), 500)
    errors = {error.field: [error.message]} if error.field else {}
    headers, extensions = _retry_after(error), getattr(error, "extensions", {})
    return Problem(int(status), error.code, error.message, errors, headers, extensions)


def unexpected() -> Problem:
    """What is said of our own mistakes: nothing that helps an attacker."""
    return Problem(500, "server_error", "Something went wrong on our side. It has been noted.")


def outage() -> Problem:
    """What is said while a server we stand on does not answer."""
    headers = {"Retry-After": str(RETRY_AFTER_OUTAGE_SECONDS)}
    detail = "A part of the service is restarting. Try again in a moment."
    return Problem(503, Unavailable.code, detail, headers=headers)


def dialect_of_path(path: str) -> str | None:
    """The dialect in which errors under `path` are told; None where people read pages."""
    if path.startswith("/v1/"):
        return OPENAI
    return PROBLEM if path.startswith("/api/") else None


def _retry_after(error: ReverieError) -> dict[str, str]:
    if (seconds := getattr(error, "retry_after_seconds", None)) is not None:
        return {"Retry-After": str(max(1, seconds))}
    if isinstance(error, Unavailable):
        return {"Retry-After": str(RETRY_AFTER_OUTAGE_SECONDS)}
    return {}


def _openai_type(status: int) -> str:
    special = {
        HTTPStatus.UNAUTHORIZED: "authentication_error",
        HTTPStatus.FORBIDDEN: "permission_error",
        HTTPStatus.TOO_MANY_REQUESTS: "rate_limit_error",
    }
    if status >= HTTPStatus.INTERNAL_SERVER_ERROR:
        return "server_error"
    return special.get(HTTPStatus(status), "invalid_request_error")
