"""No request body is larger than the deployment takes, whether or not it says its size."""

from collections.abc import Callable
from tempfile import SpooledTemporaryFile
from typing import IO

from django.conf import settings
from django.http import HttpRequest, HttpResponse

from common.wire import TOO_LARGE, error_response

CHUNK_BYTES = 1 << 16


class BodyLimitMiddleware:
    """Answers 413 to a body over the limit, before it is read where it can.

    The limit is `settings.MAX_BODY_BYTES`; `settings.LARGE_BODIES` has others by path.
    """

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self._get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        """Refuse by the length declared, or, for a chunked body, by the length that comes."""
        limit = settings.LARGE_BODIES.get(request.path, settings.MAX_BODY_BYTES)
        if "chunked" in request.META.get("HTTP_TRANSFER_ENCODING", "").lower():
            return self._measured(request, limit=limit)
        declared = request.META.get("CONTENT_LENGTH") or "0"
        if not (declared.isascii() and declared.isdigit()) or int(declared) > limit:
            return error_response(request, TOO_LARGE)
        return self._get_response(request)

    def _measured(self, request: HttpRequest, *, limit: int) -> HttpResponse:
        """Django takes a body without Content-Length for empty; so it is read here, and counted."""
        with SpooledTemporaryFile(max_size=settings.DATA_UPLOAD_MAX_MEMORY_SIZE) as body:
            size = _copied(request.META["wsgi.input"], body, limit=limit)
            if size > limit:
                return error_response(request, TOO_LARGE)
            body.seek(0)
            request.META["CONTENT_LENGTH"] = str(size)
            request._stream = body  # type: ignore[assignment]  # noqa: SLF001 - no public way
            return self._get_response(request)


def _copied(source: IO[bytes], target: IO[bytes], *, limit: int) -> int:
    """Copy until the end or just past `limit` bytes; how many were read."""
    size = 0
    while size <= limit and (chunk := source.read(CHUNK_BYTES)):
        size += len(chunk)
        target.write(chunk)
    return size
