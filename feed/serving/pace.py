"""How long the feed has had people's time, and when it rests: decided here, not by the page.

Time is counted between signs of life (a page asked for, events told), and only for people who have
a cap.  It lives in Valkey and is written down once a minute, so that losing Valkey gives nobody a
day twice.  Who gives no signs of life is not counted longer than LONGEST_STRETCH_SECONDS.
"""

import logging
from contextlib import suppress
from datetime import date, datetime
from typing import NamedTuple
from uuid import UUID
from zoneinfo import ZoneInfo

import redis
from django.db import connection

from accounts.models import User
from accounts.permissions import Viewer
from common.errors import Denied
from common.memory import valkey
from feed.models.wishes import TimeSpent
from feed.policy.choices import Rules
from feed.policy.pace import (
    LONGEST_STRETCH_SECONDS,
    SESSION_BREAK_SECONDS,
    Break,
    Reason,
    day_break,
    night_break,
    session_break,
)
from feed.serving.wishes import free_key, rules_of

log = logging.getLogger(__name__)

KEPT_SECONDS = 48 * 3600
FREE_SECONDS = 60
WRITTEN_EVERY_SECONDS = 60
SECONDS_PER_MINUTE = 60
WORDS = {
    Reason.NIGHT: "It is night, and the feed rests until {end:%H:%M}.",
    Reason.DAY: "That was the time for today. The feed is back at {end:%H:%M}.",
    Reason.SESSION: "Time for a pause. The feed is back at {end:%H:%M}.",
}

# KEYS: a person's clock.  ARGV: now, their day, the session's cap in seconds or 0, the longest
# stretch that counts, a session's break, the seconds on record for the day or -1 when the record
# was not read, and how long to keep the clock.  Answers the day's seconds (-1: read the record),
# those on record, and until when a session's break lasts.
NOTE = """
local now, cap, pause = tonumber(ARGV[1]), tonumber(ARGV[3]), tonumber(ARGV[5])
local recorded = tonumber(ARGV[6])
local had = redis.call('HMGET', KEYS[1], 'day', 'seconds', 'session', 'at', 'written', 'until')
local seconds, session, at = tonumber(had[2]) or 0, tonumber(had[3]) or 0, tonumber(had[4]) or 0
local written, stop = tonumber(had[5]) or 0, tonumber(had[6]) or 0
if had[1] ~= ARGV[2] then
  if recorded < 0 then return {'-1', '0', '0'} end
  seconds, written = recorded, recorded
end
if cap > 0 and stop > now then
  return {tostring(seconds), tostring(written), tostring(stop)}
end
local gap = math.max(0, now - at)
if gap >= pause then
  session = 0
else
  local counted = math.min(gap, tonumber(ARGV[4]))
  seconds, session = seconds + counted, session + counted
end
stop = 0
if cap > 0 and session >= cap then
  stop, session = now + pause, 0
end
redis.call('HSET', KEYS[1], 'day', ARGV[2], 'seconds', seconds, 'session', session, 'at', now,
  'written', written, 'until', stop)
redis.call('EXPIRE', KEYS[1], ARGV[7])
return {tostring(seconds), tostring(written), string.format('%.3f', stop)}
"""

WRITE = """
INSERT INTO feed_timespent (user_id, day, seconds) VALUES (%s, %s, %s)
ON CONFLICT (user_id, day)
DO UPDATE SET seconds = greatest(feed_timespent.seconds, excluded.seconds)
"""


class BreakTime(Denied):
    """The feed rests for this person until `ends_at`; everything else goes on working."""

    code = "break_time"

    def __init__(self, rest: Break, *, now: datetime) -> None:
        super().__init__(WORDS[rest.reason].format(end=rest.ends_at))
        self.reason = rest.reason
        self.ends_at = rest.ends_at
        self.extensions = {"reason": rest.reason.value, "ends_at": rest.ends_at.isoformat()}
        self.retry_after_seconds = max(1, round((rest.ends_at - now).total_seconds()))


class _Clock(NamedTuple):
    """What is known of a person's day: its seconds, those on record, the end of a break."""

    seconds: float
    written: float
    until: float


def require_open(viewer: Viewer, *, now: datetime) -> None:
    """Pass where the feed does not rest for `viewer`, and count the sign of life.

    One round trip for who has neither caps nor nights; it is spared where `free_key` is known to
    be set.  Raises BreakTime.
    """
    if not isinstance(viewer, User) or _is_free(viewer.pk):
        return
    if is_always_open(viewer, now=now):
        return
    rest = _break(viewer, rules_of(viewer, now=now), now=now)
    if rest is not None:
        raise BreakTime(rest, now=now)


def is_always_open(user: User, *, now: datetime) -> bool:
    """Whether nothing makes the feed rest for `user`; pages need not ask again for a minute."""
    if rules_of(user, now=now).is_paced:
        return False
    _set_free(user.pk)
    return True


def note_life(viewer: Viewer, *, now: datetime) -> None:
    """Count a sign of life that asks for nothing."""
    with suppress(BreakTime):
        require_open(viewer, now=now)


def seconds_today(user: User, *, now: datetime) -> int:
    """How long the feed had `user`'s time today, as far as it is counted."""
    day = _day(rules_of(user, now=now), now=now)
    try:
        counted_day, seconds = valkey().hmget(_key(user.pk), "day", "seconds")
    except redis.RedisError:
        return _recorded(user.pk, day)
    if seconds is None or counted_day != day.isoformat().encode():
        return _recorded(user.pk, day)
    return int(float(seconds))


def end_session_break(user_id: UUID) -> None:
    """Let who changed the length of their sessions begin a new one."""
    try:
        valkey().hdel(_key(user_id), "until", "session")
    except redis.RedisError as error:
        log.warning("a break is not ended: %s", type(error).__name__)


def _break(user: User, rules: Rules, *, now: datetime) -> Break | None:
    night = night_break(rules.nights, zone=rules.zone, now=now)
    if night is not None or not (rules.daily_minutes or rules.session_minutes):
        return night
    clock = _counted(user.pk, rules, now=now)
    if rules.daily_minutes and clock.seconds >= rules.daily_minutes * SECONDS_PER_MINUTE:
        return day_break(zone=rules.zone, now=now)
    if clock.until > now.timestamp():
        return session_break(clock.until, zone=rules.zone)
    return None


def _counted(user_id: UUID, rules: Rules, *, now: datetime) -> _Clock:
    """Count a sign of life; without Valkey only what is on record is known."""
    day = _day(rules, now=now)
    try:
        clock = _noted(user_id, rules, now=now, recorded=-1)
        if clock.seconds < 0:
            clock = _noted(user_id, rules, now=now, recorded=_recorded(user_id, day))
    except redis.RedisError as error:
        log.warning("time spent is not counted: %s", type(error).__name__)
        return _Clock(_recorded(user_id, day), 0, 0)
    if clock.seconds - clock.written >= WRITTEN_EVERY_SECONDS:
        _write(user_id, day, clock.seconds)
    return clock


def _noted(user_id: UUID, rules: Rules, *, now: datetime, recorded: int) -> _Clock:
    session = (rules.session_minutes or 0) * SECONDS_PER_MINUTE
    moment, day = f"{now.timestamp():.3f}", _day(rules, now=now).isoformat()
    lengths = (session, LONGEST_STRETCH_SECONDS, SESSION_BREAK_SECONDS)
    values = (moment, day, *lengths, recorded, KEPT_SECONDS)
    answer = valkey().eval(NOTE, 1, _key(user_id), *values)
    return _Clock(*(float(value) for value in answer))


def _recorded(user_id: UUID, day: date) -> int:
    found = TimeSpent.objects.filter(user=user_id, day=day).values_list("seconds", flat=True)
    return found.first() or 0


def _write(user_id: UUID, day: date, seconds: float) -> None:
    with connection.cursor() as cursor:
        cursor.execute(WRITE, (user_id, day, int(seconds)))
    valkey().hset(_key(user_id), "written", int(seconds))


def _day(rules: Rules, *, now: datetime) -> date:
    return now.astimezone(ZoneInfo(rules.zone)).date()


def _is_free(user_id: UUID) -> bool:
    try:
        return bool(valkey().exists(free_key(user_id)))
    except redis.RedisError:
        return False


def _set_free(user_id: UUID) -> None:
    try:
        valkey().set(free_key(user_id), 1, ex=FREE_SECONDS)
    except redis.RedisError as error:
        log.warning("who has no caps is not remembered: %s", type(error).__name__)


def _key(user_id: UUID) -> str:
    return f"feed:clock:{user_id.hex}"
