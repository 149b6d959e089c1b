"""Which viewers' pages have to be ranked anew."""

import logging
from uuid import UUID

import redis

from common.limits import valkey

log = logging.getLogger(__name__)

DIRTY_SECONDS = 3600


def mark_dirty(user_id: UUID) -> None:
    """What the viewer did or said since their pages were ranked must count from now on."""
    try:
        valkey().set(f"feed:dirty:{user_id}", 1, ex=DIRTY_SECONDS)
    except redis.RedisError as error:
        log.warning("a viewer is not marked: %s", type(error).__name__)
