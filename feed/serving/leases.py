"""Values in Valkey that are never older than what they were made of.

Whoever wants to write one first takes a lease on its key, then reads the tables, and writes only
while the lease is still there.  What makes a value wrong deletes value and lease in one step, after
its commit.  So a value that was read before a change can not be written after it, and neither can
one whose lease was lost with Valkey's memory: leases are random.  (Nishtala et al., Scaling
Memcache at Facebook, NSDI 2013, section 3.2.1.)
"""

import secrets
from collections.abc import Iterable, Mapping, Sequence
from functools import cache
from typing import Any

from common.memory import valkey

LEASE_SECONDS = 10
AT_ONCE = 500

KEEP = """
local kept = 0
for i, key in ipairs(KEYS) do
    if redis.call('GET', 'feed:lease:' .. key) == ARGV[2 * i] then
        redis.call('SET', key, ARGV[2 * i + 1], 'EX', ARGV[1])
        kept = kept + 1
    end
end
return kept
"""


def leased(keys: Sequence[str]) -> dict[str, bytes]:
    """Take a lease on every key, before the tables are read.  Raises RedisError."""
    mine = secrets.token_bytes(12)
    with valkey().pipeline(transaction=False) as pipeline:
        for key in keys:
            pipeline.set(_lease(key), mine, nx=True, get=True, ex=LEASE_SECONDS)
        found = pipeline.execute()
    return {key: theirs or mine for key, theirs in zip(keys, found, strict=True)}


def keep(values: Mapping[str, bytes], leases: Mapping[str, bytes], *, seconds: int) -> int:
    """Write the values whose lease still stands, and say how many.  Raises RedisError."""
    if not values:
        return 0
    told = [part for key, value in values.items() for part in (leases[key], value)]
    return int(_keeper()(keys=list(values), args=[seconds, *told]))


def drop(keys: Iterable[str]) -> None:
    """Delete values and leases, after the commit of what made them wrong.  Raises RedisError."""
    names = list(keys)
    for start in range(0, len(names), AT_ONCE):
        some = names[start : start + AT_ONCE]
        valkey().delete(*some, *map(_lease, some))


def _lease(key: str) -> str:
    return f"feed:lease:{key}"


@cache
def _keeper() -> Any:
    return valkey().register_script(KEEP)
