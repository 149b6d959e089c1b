"""What a file is: the page anybody may ask."""

from typing import Any
from urllib.parse import urlsplit

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_http_methods

from clips.limits import VerifyLimit
from clips.verification import Verification, verify_address, verify_file
from common.errors import ReverieError, TooMany
from web.forms import VerifyForm
from web.refusals import refuse

UNPROCESSABLE = 422


@never_cache
@require_http_methods(["GET", "HEAD", "POST"])
def verify(request: HttpRequest) -> HttpResponse:
    """Take a file or an address, and say what every mark says; without a login."""
    if request.method != "POST":
        return _page(request, VerifyForm(initial={"url": request.GET.get("url", "")}))
    form = VerifyForm(request.POST, request.FILES)
    if not form.is_valid():
        return _page(request, form, status=UNPROCESSABLE)
    try:
        found = _verified(request, form.cleaned_data)
    except ReverieError as error:
        return _page(request, form, status=refuse(form, error).status)
    verdict, path = _verdict(found), _clip_path(found)
    return _page(request, VerifyForm(), found=found, verdict=verdict, clip_path=path)


def _verified(request: HttpRequest, asked: dict[str, Any]) -> Verification:
    limit = VerifyLimit()
    if not limit.allows(request):
        raise TooMany("That was often. Try again soon.", retry_after_seconds=int(limit.wait()) + 1)
    if asked["file"] is not None:
        return verify_file(request.user, asked["file"].chunks())
    return verify_address(request.user, asked["url"])


def _verdict(found: Verification) -> str:
    """Which of the page's sentences sums it up: from what is surest to what is least."""
    if found.made_here is not None:
        return f"here_{found.made_here.provenance}"
    if found.watermark is not None:
        return "unknown_mark"
    if found.manifest.state in {"trusted", "valid"}:
        return "signed_ai" if found.manifest.is_ai_generated else "signed"
    if found.aigc is not None:
        return "says_ai"
    return "broken" if found.manifest.state == "invalid" else "nothing"


def _clip_path(found: Verification) -> str:
    """Where the clip is on this very site, whatever name it was reached by."""
    url = found.made_here.clip_url if found.made_here else None
    return urlsplit(url).path if url else ""


def _page(
    request: HttpRequest, form: VerifyForm, *, status: int = 200, **shown: Any
) -> HttpResponse:
    return render(request, "web/verify.html", {"form": form, **shown}, status=status)
