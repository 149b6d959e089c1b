"""The watermarks of this deployment: its keys, new ids, and the record of whose picture has which.

The record outlives the video, and says nothing of a person.
"""

import secrets
from datetime import datetime

from django.conf import settings

from clips.models import Video, Watermark
from video.chips import ID_BITS
from video.keyring import ensure_keys
from video.watermark import Mark, WatermarkKey


def watermark_keys() -> tuple[WatermarkKey, ...]:
    """All keys, newest first; read anew each time, so that a new one counts at once.

    Raises UnableToOpenKeys.
    """
    return ensure_keys(settings.REVERIE_DATA / "watermark")


def new_mark() -> Mark:
    """A mark nobody has yet, by the newest key.  Raises UnableToOpenKeys."""
    return Mark(secrets.randbits(ID_BITS), watermark_keys()[0])


def record_watermark(mark: Mark, *, video: Video, now: datetime) -> Watermark:
    """Write down that `video` carries `mark`; the caller owns the transaction it was stored in."""
    return Watermark.objects.create(
        number=mark.number,
        key_name=mark.key.name,
        video=video,
        engine=video.engine,
        provenance=video.provenance,
        made_at=now,
    )
