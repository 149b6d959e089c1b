"""Viewers as serving knows them, in Valkey: who sent a request, and what they may be shown.

Everything about a viewer hangs on one record under a lease.  When it is deleted (blocks, age,
role, password, keys, suspension), what hangs on it can not be reached any more, because the next
record has another, random generation: logins, flags and ready lists go with it at once.
"""

import secrets
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from functools import cache
from hashlib import sha256
from typing import Any
from uuid import UUID

from accounts.models import User
from accounts.selectors import digest_of_secret, is_minor
from clips.selectors import is_reviewer
from common.memory import valkey
from feed.ranking.catalogue import author_key
from feed.selectors.at_once import Question, rows_of
from feed.serving.leases import drop, leased

KEPT_SECONDS = 900
LOGIN_SECONDS = 60
GENERATION_BYTES = 8
KEY_BYTES = 8

# All of a viewer that flags and filters need, in one query.
RELATIONS = """
SELECT birth_year, role,
       ARRAY(SELECT clip_id FROM social_like WHERE user_id = %(viewer)s) AS liked,
       ARRAY(SELECT followee_id FROM social_follow WHERE follower_id = %(viewer)s) AS followed,
       ARRAY(SELECT blocked_id FROM social_block WHERE blocker_id = %(viewer)s
             UNION SELECT blocker_id FROM social_block WHERE blocked_id = %(viewer)s) AS blocked
FROM accounts_user WHERE id = %(viewer)s AND is_active
"""

KEEP = """
if redis.call('GET', 'feed:lease:' .. KEYS[1]) ~= ARGV[1] then return 0 end
local seconds = tonumber(ARGV[2])
redis.call('DEL', KEYS[1])
redis.call('HSET', KEYS[1], 'gen', ARGV[3], 'minor', ARGV[4], 'slow', ARGV[5], 'blocked', ARGV[6],
    'me', ARGV[7], 'born', ARGV[8])
redis.call('EXPIRE', KEYS[1], seconds)
local at = 10
for n, size in ipairs({tonumber(ARGV[9]), #ARGV - 9 - tonumber(ARGV[9])}) do
    redis.call('SADD', KEYS[n + 1], '')
    for start = at, at + size - 1, 1000 do
        redis.call('SADD', KEYS[n + 1], unpack(ARGV, start, math.min(start + 999, at + size - 1)))
    end
    redis.call('EXPIRE', KEYS[n + 1], seconds + 60)
    at = at + size
end
return 1
"""
INTRODUCE = """
if redis.call('HGET', KEYS[2], 'gen') ~= ARGV[2] then return 0 end
if redis.call('GET', 'feed:lease:' .. KEYS[1]) ~= ARGV[1] then return 0 end
redis.call('SET', KEYS[1], ARGV[3] .. ARGV[2], 'EX', ARGV[4])
return 1
"""
# A set that is not there is made from the tables, with the lease this ends, if one is just read.
FLAG = """
redis.call('DEL', 'feed:lease:' .. KEYS[1])
local gen = redis.call('HGET', KEYS[1], 'gen')
if not gen then return 0 end
local set = ARGV[1] .. gen
if redis.call('EXISTS', set) == 0 then return 0 end
return redis.call(ARGV[2], set, ARGV[3])
"""


@dataclass(frozen=True, slots=True)
class Known:
    """A viewer: `generation` names what hangs on this record.

    `is_slow` is who may not be served prepared cards: reviewers, who read more of one.  `blocked`
    are author keys, both ways.
    """

    user_id: UUID
    generation: bytes
    is_minor: bool
    is_slow: bool
    blocked: frozenset[int]
    birth_year: int | None

    def user(self) -> User:
        """The viewer as an unsaved row, as far as ranking asks."""
        return User(pk=self.user_id, birth_year=self.birth_year)


def person_key(user_id: UUID) -> str:
    """Where a viewer's record is."""
    return f"feed:person:{user_id.hex}"


def key_login(secret: str) -> str:
    """The digest by which the login with this API key is known."""
    return digest_of_secret(secret)


def session_login(session_key: str) -> str:
    """The digest by which the login of this session is known."""
    return sha256(f"session:{session_key}".encode()).hexdigest()


def login_key(login: str) -> str:
    """Where is kept whose login this is."""
    return f"feed:who:{login}"


def author_digits(author: int) -> str:
    """An author key in sets of followed ones, and in ready lists: 16 hex digits."""
    return f"{author:016x}"


def known(user_id: UUID, *, now: datetime) -> Known | None:
    """The viewer's record, made anew from the tables where there is none; None for nobody.

    Raises RedisError.
    """
    if (found := known_by_id(user_id)) is not None:
        return found
    lease = person_lease(user_id)
    (rows,) = rows_of(relations_question(user_id))
    return keep_person(user_id, rows, lease=lease, now=now)


def person_lease(user_id: UUID) -> bytes:
    """To be taken before `relations_question` is asked.  Raises RedisError."""
    key = person_key(user_id)
    return leased([key])[key]


def relations_question(user_id: UUID) -> Question:
    """What `keep_person` is to be told the answer of."""
    return RELATIONS, {"viewer": user_id}


def keep_person(
    user_id: UUID, rows: Sequence[Mapping[str, Any]], *, lease: bytes, now: datetime
) -> Known | None:
    """The record made of the answer, kept while the lease stands; None for nobody.

    Raises RedisError.
    """
    if not rows:
        return None
    row = rows[0]
    liked, followed, blocked = (map(UUID, row[name]) for name in ("liked", "followed", "blocked"))
    read = User(pk=user_id, birth_year=row["birth_year"], role=row["role"])
    made = Known(
        user_id=user_id,
        generation=secrets.token_hex(GENERATION_BYTES).encode(),
        is_minor=is_minor(read, now=now),
        is_slow=is_reviewer(read),
        blocked=frozenset(map(author_key, blocked)),
        birth_year=read.birth_year,
    )
    _keep(made, lease=lease, liked=list(liked), followed=list(followed))
    return made


def known_by_id(user_id: UUID) -> Known | None:
    """The viewer's record, if there is one.  Raises RedisError."""
    found: list[Any] = valkey().hmget(
        person_key(user_id), "gen", "minor", "slow", "blocked", "born"
    )
    return known_from(user_id, found)


def known_from(user_id: UUID, found: Sequence[Any]) -> Known | None:
    """The record out of what was found of `gen`, `minor`, `slow`, `blocked` and `born`, if any."""
    generation, minor, slow, blocked, born = found
    if generation is None:
        return None
    return Known(
        user_id=user_id,
        generation=generation,
        is_minor=minor == b"1",
        is_slow=slow == b"1",
        blocked=_unpacked(blocked),
        birth_year=int(born) if born else None,
    )


def login_lease(login: str) -> bytes:
    """To be taken before it is looked up whose login this is.  Raises RedisError."""
    key = login_key(login)
    return leased([key])[key]


def introduce(login: str, who: Known, *, lease: bytes) -> None:
    """Know for a minute whose login this is.  Raises RedisError."""
    _script(INTRODUCE)(
        keys=[login_key(login), person_key(who.user_id)],
        args=[lease, who.generation, str(who.user_id), LOGIN_SECONDS],
    )


def forget_people(user_ids: Iterable[UUID]) -> None:
    """Let go of all that is kept ready for them, after the commit of the change.

    Raises RedisError.
    """
    drop(person_key(one) for one in user_ids)


def forget_logins(logins: Iterable[str]) -> None:
    """Look up again whose they are, after the commit of the change.  Raises RedisError."""
    drop(login_key(one) for one in logins)


def flag_follow(user_id: UUID, author: UUID, *, is_followed: bool) -> None:
    """Show that the viewer follows, or no more, after the commit.  Raises RedisError."""
    _flag(user_id, "feed:followed:", author_digits(author_key(author)), is_set=is_followed)


def _flag(user_id: UUID, prefix: str, member: str, *, is_set: bool) -> None:
    command = "SADD" if is_set else "SREM"
    _script(FLAG)(keys=[person_key(user_id)], args=[prefix, command, member])


def _keep(who: Known, *, lease: bytes, liked: list[UUID], followed: list[UUID]) -> None:
    generation = who.generation.decode()
    packed = b"".join(one.to_bytes(KEY_BYTES, "big") for one in sorted(who.blocked))
    me = author_digits(author_key(who.user_id))
    told = [int(who.is_minor), int(who.is_slow), packed, me, who.birth_year or ""]
    members = [
        *(one.hex for one in liked),
        *(author_digits(author_key(one)) for one in followed),
    ]
    _script(KEEP)(
        keys=[person_key(who.user_id), f"feed:liked:{generation}", f"feed:followed:{generation}"],
        args=[lease, KEPT_SECONDS, who.generation, *told, len(liked), *members],
    )


def _unpacked(packed: bytes) -> frozenset[int]:
    starts = range(0, len(packed), KEY_BYTES)
    return frozenset(int.from_bytes(packed[at : at + KEY_BYTES], "big") for at in starts)


@cache
def _script(text: str) -> Any:
    return valkey().register_script(text)
