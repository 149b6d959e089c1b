"""`Idempotency-Key` on requests that create: done once, however often it is asked.

The header's rules follow draft-ietf-httpapi-idempotency-key-header-07; where it leaves a choice,
refusals are not remembered: a request that was refused may be repeated with the same key.
"""

import json
from collections.abc import Callable
from contextlib import suppress
from functools import wraps
from hashlib import sha256
from typing import Any, TypeAlias

from django.core.exceptions import PermissionDenied
from django.core.files.uploadedfile import UploadedFile
from django.db import DatabaseError, transaction
from django.http import Http404, HttpResponse
from django.http.response import HttpResponseBase
from django.utils import timezone
from django.utils.datastructures import MultiValueDict
from rest_framework.exceptions import APIException
from rest_framework.renderers import JSONRenderer
from rest_framework.request import Request
from rest_framework.response import Response

from accounts.models import User
from accounts.replies import Reply, Reservation, keep_reply, release, reserve
from common.errors import ReverieError

HEADER = "Idempotency-Key"
REPLAYED = "Idempotent-Replayed"

Handler: TypeAlias = Callable[..., HttpResponseBase]


def idempotent(*, untold: tuple[str, ...] = ()) -> Callable[[Handler], Handler]:
    """Let a DRF view's `post` honour `Idempotency-Key`; to be used as `@idempotent()`.

    The same key with the same request gets the first answer again, marked `Idempotent-Replayed`;
    with another request, or while the first is still being answered, 409.  What `post` writes and
    the memory of its answer are committed together.  Fields named in `untold` are secrets: they
    are not remembered, and null when the answer is given again.
    """

    def decorate(handler: Handler) -> Handler:
        @wraps(handler)
        def answer(view: Any, request: Request, *args: Any, **kwargs: Any) -> HttpResponseBase:
            def handle() -> HttpResponseBase:
                return handler(view, request, *args, **kwargs)

            key = request.headers.get(HEADER)
            if key is None or not isinstance(request.user, User):
                return handle()
            fingerprint = fingerprint_of(request)
            held = reserve(request.user, key, fingerprint=fingerprint, now=timezone.now())
            if isinstance(held, Reply):
                return _sent(held)
            return _first_answer(held, handle, untold=untold)

        return answer

    return decorate


def fingerprint_of(request: Request) -> str:
    """A SHA-256 of what is asked: method, path, query and body, whatever the encoding's noise."""
    digest = sha256(f"{request.method} {request.get_full_path()}\n".encode())
    data = request.data
    if not isinstance(data, MultiValueDict):
        digest.update(json.dumps(data, sort_keys=True).encode())
        return digest.hexdigest()
    for name, values in sorted(data.lists()):
        for value in values:
            digest.update(f"{name}={_content_digest(value)}\n".encode())
    return digest.hexdigest()


def _content_digest(value: Any) -> str:
    if not isinstance(value, UploadedFile):
        return sha256(str(value).encode()).hexdigest()
    digest = sha256()
    for chunk in value.chunks():
        digest.update(chunk)
    value.seek(0)
    return digest.hexdigest()


def _first_answer(
    reservation: Reservation, handle: Callable[[], HttpResponseBase], *, untold: tuple[str, ...]
) -> HttpResponseBase:
    """Answer, and remember the answer, in one transaction.

    A refusal commits what the handler wrote before it, as it would without a key.
    """
    is_kept = False
    try:
        with transaction.atomic():
            response, refusal = _outcome(handle)
            if refusal is None:
                keep_reply(reservation, Reply(response.status_code, _json_of(response, untold)))
        is_kept = refusal is None
    finally:
        if not is_kept:
            with suppress(DatabaseError):  # an outage: the reservation expires by itself
                release(reservation)
    if refusal is not None:
        raise refusal
    return response


def _outcome(handle: Callable[[], HttpResponseBase]) -> tuple[HttpResponseBase, Exception | None]:
    try:
        return handle(), None
    except (ReverieError, APIException, Http404, PermissionDenied) as refusal:
        return HttpResponse(), refusal


def _json_of(response: HttpResponseBase, untold: tuple[str, ...]) -> str:
    if isinstance(response, Response):
        shown = response.data
        if untold:
            shown = dict(shown) | dict.fromkeys(untold)
        rendered: bytes = JSONRenderer().render(shown)
        return rendered.decode()
    return response.content.decode() if isinstance(response, HttpResponse) else ""


def _sent(reply: Reply) -> HttpResponse:
    return HttpResponse(
        reply.body,
        status=reply.status,
        content_type="application/json",
        headers={REPLAYED: "true"},
    )
