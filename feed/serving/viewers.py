"""What is known of a viewer, kept ready in Valkey and rebuilt from the tables in one query.

What is kept counts only while it was made for the current generation.  Every change begins a new
one, under a random name, so that neither a slow reader nor an emptied Valkey brings old knowledge
back.  The tables are the truth: whatever is lost here costs a query.
"""

import logging
from base64 import b64decode, b64encode
from collections.abc import Sequence
from datetime import datetime, timedelta
from functools import lru_cache
from secrets import token_hex
from typing import Any
from uuid import UUID

import numpy as np
import numpy.typing as npt
import orjson
import redis
from django.conf import settings
from pyroaring import BitMap

from accounts.models import User
from common.memory import valkey
from feed.ranking.histories import likings_at
from feed.ranking.viewers import Meetings, ViewerState, keys_of
from feed.selectors.histories import (
    Known,
    followed_by_viewer,
    known_of,
)
from feed.serving.ready import mark_dirty
from feed.serving.wishes import wishes_of

log = logging.getLogger(__name__)

KEPT_SECONDS = 6 * 3600
READ_AT_ONCE = 256
GENERATION, MADE_FOR, STATE = "generation", "made_for", "columns"

# What was made while `made_for` was current is kept under a new name, so that what somebody else
# read before the change, and is about to keep, does not count.
KEEP_IF_CURRENT = """
local is_current = redis.call('HGET', KEYS[1], 'generation') == ARGV[1]
redis.call('HSET', KEYS[1], 'generation', ARGV[2])
if is_current then redis.call('HSET', KEYS[1], 'made_for', ARGV[2], 'columns', ARGV[3]) end
redis.call('EXPIRE', KEYS[1], ARGV[4])
return is_current and 1 or 0
"""


def viewer_state(
    user: User,
    *,
    now: datetime,
    is_profiled: bool | None = None,
    kept: Sequence[Any] | None = None,
) -> ViewerState:
    """What `user` met, saw and likes, as of their last event.

    One round trip to Valkey, none where GENERATION, MADE_FOR and STATE were just read as `kept`,
    or a query besides.  Of somebody who is not profiled nothing counts but whom they follow;
    that is looked up where it is not said.
    """
    if is_profiled is None:
        is_profiled = wishes_of(user, now=now).is_profiled
    if not is_profiled:
        return ViewerState(followed=followed_by_viewer(user))
    try:
        generation, state = _current(kept) if kept else kept_state(user.pk)
        if state is None:
            state = packed(known_of(user))
            keep_state(user.pk, state, made_for=generation)
    except redis.RedisError as error:
        log.warning("what is known of a viewer is read from the tables: %s", type(error).__name__)
        state = packed(known_of(user))
    return _state(state, now=now)


def begin_change(user_id: UUID) -> str:
    """Let what is kept of a viewer count no more, and name the generation that begins."""
    generation = token_hex(8)
    try:
        with valkey().pipeline(transaction=True) as pipeline:
            pipeline.hset(state_key(user_id), GENERATION, generation)
            pipeline.expire(state_key(user_id), KEPT_SECONDS)
            pipeline.execute()
    except redis.RedisError as error:
        log.warning("a viewer's change is not told: %s", type(error).__name__)
    return generation


def end_change(user_id: UUID, state: bytes, *, begun: str) -> None:
    """Keep `state`, read within the change that `begin_change` began, and rank anew.

    To be called after the commit.  If something else changed meanwhile, `state` is dropped.
    """
    try:
        valkey().eval(
            KEEP_IF_CURRENT, 1, state_key(user_id), begun, token_hex(8), state, str(KEPT_SECONDS)
        )
    except redis.RedisError as error:
        log.warning("what is known of a viewer is not kept: %s", type(error).__name__)
    mark_dirty(user_id)


def forget_state(user_id: UUID) -> None:
    """Read the tables again when this viewer's state is next asked for, and rank anew.

    To be called after the commit of whatever changes it.
    """
    begin_change(user_id)
    mark_dirty(user_id)


def packed(known: Known) -> bytes:
    """What is known of a viewer, as it is kept: columns of numbers, because pages read it often."""
    history = known.history()
    liked = history.authors.values()
    columns: dict[str, npt.NDArray[Any]] = {
        "numbers": history.meetings.numbers,
        "at": history.meetings.at,
        "strengths": history.meetings.strengths,
        "authors": keys_of(history.authors),
        "sums": np.array([one.sum for one in liked], float),
        "said": np.array([one.at for one in liked], float),
        "followed": keys_of(known.followed),
    }
    told = {name: _text(column.tobytes()) for name, column in columns.items()}
    return orjson.dumps({**told, "seen": _text(history.seen.serialize())})


def _text(data: bytes) -> str:
    return b64encode(data).decode()


def _state(kept: bytes, *, now: datetime) -> ViewerState:
    """What is known, faded to the minute: nobody changes it, so that it is read once a minute."""
    return _as_of(kept, now.replace(second=0, microsecond=0))


@lru_cache(maxsize=READ_AT_ONCE)
def _as_of(kept: bytes, now: datetime) -> ViewerState:
    told = {name: b64decode(column) for name, column in orjson.loads(kept).items()}

    def column(name: str, kind: str) -> Any:
        return np.frombuffer(told[name], kind)

    meetings = Meetings(column("numbers", "u4"), column("at", "f8"), column("strengths", "f8"))
    oldest = (now - timedelta(days=settings.EVENT_DAYS)).timestamp()
    said = column("authors", "i8"), column("sums", "f8"), column("said", "f8")
    return ViewerState(
        meetings=meetings.where(meetings.at >= oldest),
        seen=BitMap.deserialize(told["seen"]),
        followed=frozenset(column("followed", "i8").tolist()),
        authors=likings_at(*said, now=now.timestamp()),
    )


def kept_state(user_id: UUID) -> tuple[str, bytes | None]:
    """The current generation, and what was made for it.  Raises RedisError."""
    key = state_key(user_id)
    with valkey().pipeline(transaction=True) as pipeline:
        pipeline.hsetnx(key, GENERATION, token_hex(8))
        pipeline.hmget(key, GENERATION, MADE_FOR, STATE)
        _, kept = pipeline.execute()
    return _current(kept)


def _current(kept: Sequence[Any]) -> tuple[str, bytes | None]:
    generation, made_for, state = kept
    return generation.decode(), state if made_for == generation else None


def keep_state(user_id: UUID, state: bytes, *, made_for: str) -> None:
    """Keep what was read after `made_for` was the current generation.  Raises RedisError."""
    with valkey().pipeline(transaction=True) as pipeline:
        pipeline.hset(state_key(user_id), mapping={MADE_FOR: made_for, STATE: state})
        pipeline.expire(state_key(user_id), KEPT_SECONDS)
        pipeline.execute()


def state_key(user_id: UUID) -> str:
    """Where what is known of a viewer is kept."""
    return f"feed:viewer:{user_id.hex}"
