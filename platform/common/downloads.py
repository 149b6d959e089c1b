"""Answers that carry a stored file: whole, a part of it, or the way to the bucket."""

from django.http import HttpRequest, HttpResponse, HttpResponseRedirect, StreamingHttpResponse
from django.http.response import HttpResponseBase

from common.ranges import RangeUnsatisfiable, parse_range
from common.storage import ObjectStore

PRESIGNED_SECONDS = 300


def stored_file(
    request: HttpRequest,
    store: ObjectStore,
    *,
    key: str,
    size_bytes: int,
    content_type: str,
    filename: str = "",
    is_relative: bool = False,
) -> HttpResponseBase:
    """The stored object `key` as an answer to `request`, which may ask for one byte range.

    A bucket answers itself: the reply is then a redirect to a URL that is good for five minutes,
    unless the file names others relative to itself, as a playlist does.
    A range that lies outside the file is answered with 416 (RFC 9110, 14.4).  Who may have the
    file was decided by the caller, so the answer is cached for its reader only.
    """
    url = store.presigned_url(
        key,
        content_type=content_type,
        expires_seconds=PRESIGNED_SECONDS,
        filename=filename or None,
    )
    if url is not None and not is_relative:
        return _private(HttpResponseRedirect(url))
    if request.headers.get("If-None-Match") == f'"{key}"':
        return _private(HttpResponse(status=304), etag=key)
    try:
        span = parse_range(request.headers.get("Range"), size_bytes)
    except RangeUnsatisfiable:
        return HttpResponse(status=416, headers={"Content-Range": f"bytes */{size_bytes}"})
    return _part(
        request,
        store,
        key=key,
        size_bytes=size_bytes,
        span=span,
        filename=filename,
        content_type=content_type,
    )


def _part(
    request: HttpRequest,
    store: ObjectStore,
    *,
    key: str,
    size_bytes: int,
    span: tuple[int, int] | None,
    content_type: str,
    filename: str,
) -> HttpResponseBase:
    start, length = span or (0, size_bytes)
    chunks = () if request.method == "HEAD" else store.open_range(key, start=start, length=length)
    response = StreamingHttpResponse(chunks, status=206 if span else 200, content_type=content_type)
    response["Content-Length"] = str(length)
    response["Accept-Ranges"] = "bytes"
    if span:
        response["Content-Range"] = f"bytes {start}-{start + length - 1}/{size_bytes}"
    if filename:
        response["Content-Disposition"] = f'inline; filename="{filename}"'
    return _private(response, etag=key)


def _private(response: HttpResponseBase, *, etag: str = "") -> HttpResponseBase:
    response["Cache-Control"] = "private, max-age=60"
    if etag:
        response["ETag"] = f'"{etag}"'
    return response
