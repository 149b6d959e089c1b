"""Lists that are ranked and ready to be shown, one a viewer and session, in Valkey."""

import logging
from uuid import UUID

import redis

from common.memory import valkey

log = logging.getLogger(__name__)

DIRTY_SECONDS = 7 * 24 * 3600


def dirty_key(user_id: UUID) -> str:
    """Where is counted how often what is known of the viewer changed."""
    return f"feed:dirty:{user_id.hex}"


def mark_dirty(user_id: UUID) -> None:
    """Have everything that was not yet served to this viewer ranked anew, from the next page on.

    To be called after what changed is committed.  Without Valkey nothing is ready anyway.
    """
    try:
        with valkey().pipeline(transaction=False) as pipeline:
            pipeline.incr(dirty_key(user_id))
            pipeline.expire(dirty_key(user_id), DIRTY_SECONDS)
            pipeline.execute()
    except redis.RedisError as error:
        log.warning("nobody hears that a viewer changed: %s", type(error).__name__)
