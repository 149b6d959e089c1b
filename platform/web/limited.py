"""Pages that count who does what, like the API does."""

from collections.abc import Callable
from functools import wraps
from math import ceil
from typing import TypeVar

from django.http import HttpRequest
from django.http.response import HttpResponseBase

from common.errors import TooMany
from social.limits import DoingLimit

View = TypeVar("View", bound=Callable[..., HttpResponseBase])


def limited(limit: type[DoingLimit]) -> Callable[[View], View]:
    """Let a page be used only as often as `limit` says.  Raises TooMany."""

    def decorate(view: View) -> View:
        @wraps(view)
        def counted(request: HttpRequest, /, *args: object, **kwargs: object) -> HttpResponseBase:
            counter = limit()
            if not counter.allows(request):
                raise TooMany(
                    "That was a lot in a short time. Wait a moment, and go on.",
                    retry_after_seconds=ceil(counter.wait()),
                )
            return view(request, *args, **kwargs)

        return counted  # type: ignore[return-value]

    return decorate
