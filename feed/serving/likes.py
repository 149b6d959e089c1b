"""A viewer's like, as their next page has to know it, in one round trip to Valkey."""

from secrets import token_hex
from uuid import UUID

from feed.serving.lines import answer_of
from feed.serving.people import person_key
from feed.serving.ready import DIRTY_SECONDS, dirty_key
from feed.serving.viewers import GENERATION, KEPT_SECONDS, state_key

# ARGV: record of the person, clip, whether it is liked, what is known of the viewer, the name of
# its generation, the one that begins, its seconds, the count of changes, its seconds.  A set of
# likes that is not there is made from the tables, with the lease this ends, if one is just read.
HEED = """
redis.call('DEL', 'feed:lease:' .. ARGV[1])
local gen = redis.call('HGET', ARGV[1], 'gen')
local set = 'feed:liked:' .. (gen or '')
if gen and redis.call('EXISTS', set) == 1 then
    redis.call(ARGV[3] == '1' and 'SADD' or 'SREM', set, ARGV[2])
end
redis.call('HSET', ARGV[4], ARGV[5], ARGV[6])
redis.call('EXPIRE', ARGV[4], ARGV[7])
redis.call('INCR', ARGV[8])
redis.call('EXPIRE', ARGV[8], ARGV[9])
return 1
"""


def heed_like(user_id: UUID, clip_id: UUID, *, is_liked: bool) -> None:
    """Show the like, or that it is gone, and count it, after its commit.  Raises RedisError.

    What is known of the viewer is read again, and what was not yet served ranked anew.
    """
    told = [person_key(user_id), clip_id.hex, int(is_liked)]
    state = [state_key(user_id), GENERATION, token_hex(8), KEPT_SECONDS]
    answer_of(HEED, [*told, *state, dirty_key(user_id), DIRTY_SECONDS])
