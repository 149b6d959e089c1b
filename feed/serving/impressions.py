"""Noting what was served, in the page's own round trip to Valkey; workers write it into the table.

A note is taken out of Valkey only after it is in the table, and written there once: a worker may
die at any moment.  If Valkey itself is emptied, the notes of the last second are gone with it.
"""

import logging
from collections.abc import Mapping, Sequence
from datetime import datetime
from uuid import UUID

import orjson
import redis
from redis.client import Pipeline

from common.memory import valkey
from feed.ranking.picks import Pick

log = logging.getLogger(__name__)

STREAM = "feed:served"
NOTE = "note"
MOST_WAITING = 500_000


def log_served(
    viewer_id: UUID | None,
    request_id: UUID,
    picks: Sequence[Pick],
    *,
    now: datetime,
    first_position: int = 0,
    model: str = "",
    within: Pipeline | None = None,
) -> None:
    """Note that `picks` were served as the page `request_id`; again changes nothing.

    `viewer_id` is None for visitors and for who is not profiled.  With a pipeline the note goes
    when that is sent; without one at once, and an unreachable Valkey is only logged.
    """
    if not picks:
        return
    fields: dict[bytes | str, bytes | str] = {
        NOTE: _note(viewer_id, request_id, picks, at=now, first=first_position, model=model)
    }
    if within is not None:
        within.xadd(STREAM, fields, maxlen=MOST_WAITING, approximate=True)  # type: ignore[arg-type]
        return
    try:
        valkey().xadd(STREAM, fields, maxlen=MOST_WAITING, approximate=True)  # type: ignore[arg-type]
    except redis.RedisError as error:
        log.warning("what was served is not noted: %s", type(error).__name__)


def _note(
    viewer_id: UUID | None,
    request_id: UUID,
    picks: Sequence[Pick],
    *,
    at: datetime,
    first: int,
    model: str,
) -> bytes:
    served = [
        [
            int(pick.number),
            float(pick.score),
            float(pick.propensity),
            bool(pick.is_exploration),
            _plain(pick.sources),
            _plain(pick.factors),
        ]
        for pick in picks
    ]
    viewer = viewer_id.hex if viewer_id else None
    return orjson.dumps([viewer, request_id.hex, at.timestamp(), model, first, *served])


def _plain(shares: Mapping[str, float]) -> dict[str, float]:
    return {name: float(value) for name, value in shares.items()}
