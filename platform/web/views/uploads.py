"""Uploading a clip: the form, and how far each file is."""

from uuid import UUID

from django.conf import settings
from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.http.response import HttpResponseBase
from django.shortcuts import redirect, render
from django.utils import timezone
from django.utils.cache import patch_vary_headers
from django.views.decorators.csrf import csrf_exempt, csrf_protect
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from accounts.models import User
from common.errors import ReverieError, TooMany
from uploads.limits import UploadsPerPerson
from uploads.receiving import place_to_receive, received_file
from uploads.selectors import upload_for, uploads_of
from uploads.services import check_may_upload, delete_upload, receive_upload
from web.access import is_fragment, signed_in
from web.forms import UploadForm
from web.refusals import refuse
from web.shown import shown_upload

SHOWN = 20
UNPROCESSABLE = 422


# Who asks is known before the body is read: no stranger's file is put on disk to find its token.
@csrf_exempt
@require_http_methods(["GET", "HEAD", "POST"])
@signed_in
def upload(request: HttpRequest, user: User) -> HttpResponseBase:
    """Take a file, and go on to its page; what is wrong is said beside what was chosen."""
    if request.method != "POST":
        return _form_page(request, user, UploadForm())
    try:
        check_may_upload(user)
        _count(request)
        with place_to_receive(request):
            return _guarded(request, user)
    except ReverieError as error:
        form = UploadForm()
        form.cleaned_data = {}
        return _form_page(request, user, form, status=refuse(form, error).status)


def _count(request: HttpRequest) -> None:
    limit = UploadsPerPerson()
    if not limit.allows(request):
        raise TooMany("That was often. Try again later.", retry_after_seconds=int(limit.wait()) + 1)


@csrf_protect
def _guarded(request: HttpRequest, user: User) -> HttpResponse:
    form = UploadForm(request.POST, request.FILES)
    if not form.is_valid():
        return _form_page(request, user, form, status=UNPROCESSABLE)
    file = form.cleaned_data["file"]
    try:
        taken = receive_upload(
            user, received_file(file), name=file.name, order=form.order(), now=timezone.now()
        )
    except ReverieError as error:
        return _form_page(request, user, form, status=refuse(form, error).status)
    return redirect("web:upload-state", taken.pk)


def _form_page(
    request: HttpRequest, user: User, form: UploadForm, *, status: int = 200
) -> HttpResponse:
    uploads = [shown_upload(one) for one in uploads_of(user).order_by("-pk")[:SHOWN]]
    context = {
        "place": "create",
        "form": form,
        "most_bytes": settings.UPLOAD_MAX_BYTES,
        "uploads": uploads,
        "is_moving": any(one.is_moving for one in uploads),
    }
    return render(request, "web/upload.html", context, status=status)


@require_safe
@signed_in
def state(request: HttpRequest, user: User, upload_id: UUID) -> HttpResponse:
    """How far an upload is, and what became of it."""
    template = "web/parts/upload.html" if is_fragment(request) else "web/upload_state.html"
    one = shown_upload(upload_for(user, upload_id))
    response = render(request, template, {"place": "studio", "one": one})
    patch_vary_headers(response, ["HX-Request"])
    return response


@require_POST
@signed_in
def delete(request: HttpRequest, user: User, upload_id: UUID) -> HttpResponse:
    """Take an upload away, with its clip."""
    delete_upload(user, upload_id, now=timezone.now())
    messages.success(request, "The upload is deleted.")
    return redirect("web:upload")
