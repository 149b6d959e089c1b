"""How often one address may ask without a login, counted without asking Valkey every time.

Each process counts for itself and adds what it counted to the common count at the first request of
an address, at every TOGETHER-th and after a second: so many times the processes is all that can be
let in too much.
"""

import logging
import time
from dataclasses import dataclass

import redis
from django.conf import settings

from common.rates import parsed_rate
from feed.serving.lines import answer_of

log = logging.getLogger(__name__)

TOGETHER = 16
APART_SECONDS = 1.0
MOST_ADDRESSES = 10_000

# ARGV: where one address is counted, how many more, for how many seconds it is counted.
ADD = """
redis.call('SET', ARGV[1], 0, 'EX', ARGV[3], 'NX')
return redis.call('INCRBY', ARGV[1], ARGV[2])
"""


@dataclass(slots=True)
class _Count:
    """What was counted here and not added yet, and what the common count was."""

    waiting: int = 0
    known: int = 0
    added_at: float = float("-inf")


_counts: dict[str, _Count] = {}


def is_within_limit(address: str) -> bool:
    """Count a visitor's request, and say whether it is within the limit; without Valkey it is."""
    most, seconds = parsed_rate(settings.VISITOR_RATE)
    count = _counts.get(address)
    if count is None:
        if len(_counts) >= MOST_ADDRESSES:
            _counts.clear()
        count = _counts[address] = _Count()
    count.waiting += 1
    now = time.monotonic()
    is_over = count.known + count.waiting > most
    if is_over or count.waiting >= TOGETHER or now - count.added_at >= APART_SECONDS:
        try:
            count.known = _added(address, count.waiting, seconds=seconds)
        except redis.RedisError as error:
            log.warning("visitors are not counted: %s", type(error).__name__)
            count.known = 0
        count.waiting, count.added_at = 0, now
    return count.known + count.waiting <= most


def forget_counts() -> None:
    """Let go of what was counted in this process."""
    _counts.clear()


def _added(address: str, number: int, *, seconds: int) -> int:
    return int(answer_of(ADD, [f"limit:visitor:{address}", number, seconds]))
