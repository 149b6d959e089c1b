"""Share links, as far as the viewer may follow them."""

import re

from accounts.permissions import Viewer
from clips.models import Clip
from clips.selectors import visible_clips
from common.errors import NotFound
from social.models.sharing import ShareLink

TOKEN = re.compile(r"[A-Za-z0-9_-]{8,12}")


def shared_clip(token: str, *, viewer: Viewer) -> tuple[ShareLink, Clip]:
    """The link and its clip, if `viewer` may see it.  Raises NotFound."""
    link = None
    if TOKEN.fullmatch(token):
        link = ShareLink.objects.filter(pk=token).first()
    clip = visible_clips(viewer).filter(pk=link.clip_id).first() if link else None
    if link is None or clip is None:
        raise NotFound("There is no such clip.")
    return link, clip
