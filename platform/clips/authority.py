"""The authority this deployment signs its videos with."""

from functools import cache

from django.conf import settings
from django.utils import timezone

from video.provenance import Authority, ensure_authority


@cache
def authority() -> Authority:
    """This deployment's own authority, made at first use and kept in the data folder."""
    return ensure_authority(
        settings.REVERIE_DATA / "authority",
        now=timezone.now(),
        timestamp_url=settings.TIMESTAMP_URL or None,
    )
