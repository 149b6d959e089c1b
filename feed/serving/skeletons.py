"""What a guest's server answers: asked rarely, never for long, and not at all while it fails.

An answer is good for FRESH_SECONDS and, when its server does not give another one, for
KEPT_SECONDS.  After TRUSTED_FAILURES in a row the server is left alone, longer and longer.  The
memory of all that is in Valkey; without Valkey servers are asked every time.
"""

import logging
import threading
from collections.abc import Iterator, Mapping
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from hashlib import sha256
from typing import Any
from uuid import UUID

import orjson
import redis
from django.conf import settings

from common.errors import Unavailable
from common.memory import valkey
from common.outgoing import AddressRefused, Rules, UnableToFetch, fetched
from feed.models.guests import GuestFeed

log = logging.getLogger(__name__)

IDS_ASKED, MOST_IDS = 30, 100
MOST_ENTRIES_READ = 1000
LONGEST_CURSOR = 512
FRESH_SECONDS, KEPT_SECONDS = 15, 300
TRUSTED_FAILURES = 3
SHORTEST_REST_SECONDS, LONGEST_REST_SECONDS = 15, 600
FAILURES_KEPT_SECONDS = 3600
AT_ONCE, AT_ONCE_PER_FEED = 8, 3

_asking = threading.BoundedSemaphore(AT_ONCE)
_asking_of: dict[UUID, int] = {}
_lock = threading.Lock()


class UnableToReadSkeleton(Unavailable):
    """The server gave no answer that can be used; `why` is late, wrong, busy or resting."""

    def __init__(self, message: str, *, why: str) -> None:
        super().__init__(message)
        self.why = why


@dataclass(frozen=True)
class Skeleton:
    """Clips a guest's server names, in its order, at most MOST_IDS, and where it goes on."""

    clip_ids: tuple[UUID, ...]
    cursor: str | None


def outgoing_rules() -> Rules:
    """What may be asked of addresses that users wrote down, by this installation's settings."""
    return Rules(
        ports=settings.OUTGOING_PORTS,
        is_loopback_allowed=settings.OUTGOING_LOOPBACK,
        authorities=settings.OUTGOING_AUTHORITIES,
        total_seconds=settings.GUEST_FEED_SECONDS,
        connect_seconds=settings.GUEST_FEED_SECONDS / 2,
        user_agent=f"Reverie/{settings.VERSION} (+{settings.REVERIE_URL})",
    )


def read_skeleton(body: bytes) -> Skeleton:
    """`{"feed": [{"clip": "<uuid>"}, …], "cursor": "…"}` as a Skeleton.

    What names no clip is passed over, and so is what comes twice.  Raises UnableToReadSkeleton.
    """
    try:
        answer = orjson.loads(body)
    except orjson.JSONDecodeError:
        raise _wrong("The answer is no JSON.") from None
    entries = answer.get("feed") if isinstance(answer, Mapping) else None
    if not isinstance(entries, list):
        raise _wrong('The answer has no list "feed".')
    cursor = answer.get("cursor")
    if cursor is not None and not (isinstance(cursor, str) and len(cursor) <= LONGEST_CURSOR):
        raise _wrong(f'A "cursor" is a text of at most {LONGEST_CURSOR} characters.')
    named = (_clip_id(entry) for entry in entries[:MOST_ENTRIES_READ])
    clip_ids = tuple(dict.fromkeys(one for one in named if one is not None))
    return Skeleton(clip_ids[:MOST_IDS], cursor or None)


def asked_skeleton(url: str, *, cursor: str | None = None, reader: str = "") -> Skeleton:
    """What the server at `url` answers now.  Raises AddressRefused, UnableToReadSkeleton."""
    query = {"limit": str(IDS_ASKED)}
    if cursor:
        query["cursor"] = cursor
    if reader:
        query["viewer"] = reader
    try:
        return read_skeleton(fetched(url, query=query, rules=outgoing_rules()))
    except UnableToFetch as error:
        why = "late" if error.is_late else "wrong"
        raise UnableToReadSkeleton(error.message, why=why) from None


def skeleton_of(feed: GuestFeed, *, cursor: str | None, reader: str, now: float) -> Skeleton:
    """What the feed's server answers now, or answered lately.  Raises UnableToReadSkeleton."""
    kept = _kept(feed, cursor, reader)
    if kept is not None and now - kept.at < FRESH_SECONDS:
        return kept.skeleton
    try:
        with _turn(feed, is_urgent=kept is None):
            return _asked_and_noted(feed, cursor=cursor, reader=reader, now=now)
    except UnableToReadSkeleton:
        if kept is not None:
            return kept.skeleton
        raise


def forget_failures(feed_id: UUID) -> None:
    """Ask the feed's server again, whatever happened before."""
    with suppress(redis.RedisError):
        valkey().delete(_key(feed_id, "failures"), _key(feed_id, "rests"))


# --- asking ---


def _asked_and_noted(feed: GuestFeed, *, cursor: str | None, reader: str, now: float) -> Skeleton:
    if _rests(feed.pk):
        raise UnableToReadSkeleton("The feed's server is left alone for a while.", why="resting")
    try:
        skeleton = asked_skeleton(feed.url, cursor=cursor, reader=reader)
    except (AddressRefused, UnableToReadSkeleton) as error:
        log.info("guest feed %s: %s", feed.pk, error.message)
        _note_failure(feed.pk)
        why = error.why if isinstance(error, UnableToReadSkeleton) else "wrong"
        raise UnableToReadSkeleton(error.message, why=why) from None
    forget_failures(feed.pk)
    _keep(feed, cursor, reader, skeleton, now=now)
    return skeleton


@contextmanager
def _turn(feed: GuestFeed, *, is_urgent: bool) -> Iterator[None]:
    """One of the few who may wait for a guest's server at a time: pages are served by threads.

    Who has an older answer leaves it to another.
    """
    with _lock:
        waiting = _asking_of.get(feed.pk, 0)
        is_allowed = waiting < (AT_ONCE_PER_FEED if is_urgent else 1)
        is_allowed = is_allowed and _asking.acquire(blocking=False)
        if is_allowed:
            _asking_of[feed.pk] = waiting + 1
    if not is_allowed:
        raise UnableToReadSkeleton("The feed is being asked by many others.", why="busy")
    try:
        yield
    finally:
        with _lock:
            _asking.release()
            _asking_of[feed.pk] -= 1
            if not _asking_of[feed.pk]:
                del _asking_of[feed.pk]


def _wrong(message: str) -> UnableToReadSkeleton:
    return UnableToReadSkeleton(message, why="wrong")


def _clip_id(entry: Any) -> UUID | None:
    text = entry.get("clip") if isinstance(entry, Mapping) else None
    if not isinstance(text, str):
        return None
    try:
        return UUID(text)
    except ValueError:
        return None


# --- remembering ---


@dataclass(frozen=True)
class _Kept:
    at: float
    skeleton: Skeleton


def _key(feed_id: UUID, name: str) -> str:
    return f"guest:{feed_id.hex}:{name}"


def _answer_key(feed: GuestFeed, cursor: str | None, reader: str) -> str:
    asked = sha256(orjson.dumps([feed.url, cursor, reader])).hexdigest()
    return _key(feed.pk, f"answer:{asked}")


def _kept(feed: GuestFeed, cursor: str | None, reader: str) -> _Kept | None:
    try:
        text = valkey().get(_answer_key(feed, cursor, reader))
    except redis.RedisError:
        return None
    if text is None:
        return None
    at, ids, after = orjson.loads(text)
    return _Kept(at, Skeleton(tuple(UUID(one) for one in ids), after))


def _keep(
    feed: GuestFeed, cursor: str | None, reader: str, skeleton: Skeleton, *, now: float
) -> None:
    text = orjson.dumps([now, [one.hex for one in skeleton.clip_ids], skeleton.cursor])
    with suppress(redis.RedisError):
        valkey().set(_answer_key(feed, cursor, reader), text, ex=KEPT_SECONDS)


def _rests(feed_id: UUID) -> bool:
    try:
        return bool(valkey().exists(_key(feed_id, "rests")))
    except redis.RedisError:
        return False


def _note_failure(feed_id: UUID) -> None:
    key = _key(feed_id, "failures")
    with suppress(redis.RedisError):
        count = int(valkey().incr(key))
        valkey().expire(key, FAILURES_KEPT_SECONDS)
        if count >= TRUSTED_FAILURES:
            seconds = SHORTEST_REST_SECONDS * 2 ** min(count - TRUSTED_FAILURES, 10)
            seconds = min(seconds, LONGEST_REST_SECONDS)
            valkey().set(_key(feed_id, "rests"), 1, ex=seconds)
