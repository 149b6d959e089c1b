"""The files of a clip, for those who may see it."""

from uuid import UUID

from django.http import Http404, HttpRequest
from django.http.response import HttpResponseBase
from django.views.decorators.http import require_safe

from clips.models import RenditionKind
from clips.selectors import rendition_for
from common.downloads import stored_file
from common.errors import NotFound
from common.objects import store


@require_safe
def clip_file(request: HttpRequest, clip_id: UUID, name: str) -> HttpResponseBase:
    """One stored file of one clip: MP4 with ranges, HLS playlist and segments, pictures."""
    try:
        rendition = rendition_for(request.user, clip_id, name)
    except NotFound as error:
        raise Http404(error.message) from error
    return stored_file(
        request,
        store(),
        key=rendition.digest,
        size_bytes=rendition.size_bytes,
        content_type=rendition.content_type,
        is_relative=rendition.kind == RenditionKind.HLS_PLAYLIST,
    )
