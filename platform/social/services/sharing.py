"""Short links that say how often they were followed, and nothing about by whom."""

import secrets
from datetime import datetime
from hashlib import blake2b, sha256
from uuid import UUID

from django.conf import settings
from django.db import transaction
from django.db.models import F
from redis import RedisError

from accounts.models import User
from accounts.permissions import Viewer
from clips.models import Clip
from common.memory import valkey
from social.models.sharing import ShareLink
from social.selectors.sharing import shared_clip
from social.selectors.shown import shown_clip
from social.signals import clip_shared, tell

TOKEN_BYTES = 8
ONE_VISIT_SECONDS = 3600


def share_clip(viewer: Viewer, clip_id: UUID) -> ShareLink:
    """The viewer's link to the clip, the same every time; visitors have one together.

    Raises NotFound.
    """
    clip = shown_clip(viewer, clip_id)
    sharer = viewer if isinstance(viewer, User) else None
    with transaction.atomic():
        new = {"token": secrets.token_urlsafe(TOKEN_BYTES)}
        link, _ = ShareLink.objects.get_or_create(clip=clip, sharer=sharer, defaults=new)
        tell(clip_shared, user_id=sharer.pk if sharer else None, clip_id=clip.pk)
    return link


def link_url(link: ShareLink) -> str:
    """The address to pass on."""
    return f"{settings.REVERIE_URL}/s/{link.pk}"


def follow_link(token: str, *, viewer: Viewer, visitor: str | None, now: datetime) -> Clip:
    """The clip a link leads to, counting the visit.  Raises NotFound.

    `visitor` tells visitors apart for an hour, so that nobody counts twice; None is not counted.
    It is kept only as a keyed hash that is another one every day, and for an hour.
    """
    link, clip = shared_clip(token, viewer=viewer)
    if visitor is not None and viewer.pk != link.sharer_id and _is_first(link, visitor, now=now):
        ShareLink.objects.filter(pk=link.pk).update(visit_count=F("visit_count") + 1)
    return clip


def _is_first(link: ShareLink, visitor: str, *, now: datetime) -> bool:
    key = sha256(f"visits:{now:%Y-%m-%d}:{settings.SECRET_KEY}".encode()).digest()
    mark = blake2b(f"{link.pk}:{visitor}".encode(), key=key, digest_size=16).hexdigest()
    try:
        return bool(valkey().set(f"visit:{mark}", 1, ex=ONE_VISIT_SECONDS, nx=True))
    except RedisError:
        return False  # a count that can not be kept honest is not kept
