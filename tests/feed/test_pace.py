"""The feed rests when a person's time is spent: counted and decided by the server."""

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from django.contrib.auth.models import AnonymousUser
from django.utils import timezone

from accounts.models import User
from common.memory import valkey
from feed.models.wishes import TimeSpent
from feed.policy.pace import LONGEST_STRETCH_SECONDS, SESSION_BREAK_SECONDS
from feed.services.wishes import change_settings
from feed.serving.pace import BreakTime, note_life, require_open, seconds_today
from tests.people import make_clip, make_user, program_of

pytestmark = pytest.mark.django_db(transaction=True)

NOON = datetime(2026, 5, 4, 12, tzinfo=UTC)
STEP = timedelta(seconds=30)


@pytest.fixture
def viewer() -> User:
    return make_user(birth_year=1980)


def watch(user: User, *, minutes: float, begin: datetime = NOON) -> datetime:
    """Give a sign of life every half minute; when the last one was."""
    at = begin
    for number in range(int(minutes * 2) + 1):
        at = begin + number * STEP
        require_open(user, now=at)
    return at


def rest(user: User, *, now: datetime) -> BreakTime:
    with pytest.raises(BreakTime) as refused:
        require_open(user, now=now)
    return refused.value


def test_nobody_is_counted_who_wants_no_limits(viewer: User) -> None:
    watch(viewer, minutes=5)
    assert seconds_today(viewer, now=NOON) == 0
    require_open(AnonymousUser(), now=NOON)
    assert not TimeSpent.objects.exists()


def test_a_day_s_time_is_spent_once(viewer: User) -> None:
    change_settings(viewer, {"daily_minutes": 3}, now=NOON)
    at = watch(viewer, minutes=2.5)
    assert seconds_today(viewer, now=at) == 150
    refused = rest(viewer, now=at + STEP)
    assert (refused.code, refused.reason, refused.ends_at) == (
        "break_time", "day", datetime(2026, 5, 5, tzinfo=UTC),
    )  # fmt: skip
    valkey().flushall()
    assert TimeSpent.objects.get(user=viewer).seconds == 180
    rest(viewer, now=at + 2 * STEP)
    require_open(viewer, now=NOON + timedelta(days=1))
    change_settings(viewer, {"daily_minutes": None}, now=at)
    require_open(viewer, now=at + STEP)


def test_a_session_rests_for_a_while_and_goes_on(viewer: User) -> None:
    change_settings(viewer, {"session_minutes": 2}, now=NOON)
    at = watch(viewer, minutes=1.5) + STEP
    refused = rest(viewer, now=at)
    assert refused.reason == "session"
    assert refused.ends_at == at + timedelta(seconds=SESSION_BREAK_SECONDS)
    almost = at + timedelta(seconds=SESSION_BREAK_SECONDS - 1)
    assert rest(viewer, now=almost).retry_after_seconds == 1
    at = watch(viewer, minutes=1.5, begin=almost + timedelta(seconds=2)) + STEP
    rest(viewer, now=at)
    change_settings(viewer, {"session_minutes": 20}, now=at)
    require_open(viewer, now=at)


def test_only_time_with_signs_of_life_counts(viewer: User) -> None:
    change_settings(viewer, {"daily_minutes": 600}, now=NOON)
    require_open(viewer, now=NOON)
    note_life(viewer, now=NOON + timedelta(seconds=20))
    note_life(viewer, now=NOON + timedelta(minutes=12))
    assert seconds_today(viewer, now=NOON) == 20 + LONGEST_STRETCH_SECONDS
    note_life(viewer, now=NOON + timedelta(hours=3))
    assert seconds_today(viewer, now=NOON) == 20 + LONGEST_STRETCH_SECONDS


def test_minors_have_an_hour_a_day_and_nights_wherever_they_say_they_are() -> None:
    minor = make_user(birth_year=NOON.year - 15)
    assert rest(minor, now=NOON.replace(hour=23)).ends_at.isoformat() == "2026-05-05T06:00:00+00:00"
    at = watch(minor, minutes=59)
    rest(minor, now=at + 2 * STEP)
    change_settings(minor, {"time_zone": "Asia/Tokyo"}, now=at)
    night = rest(minor, now=NOON.replace(hour=14))
    assert night.ends_at.isoformat() == "2026-05-05T06:00:00+09:00"


def test_the_api_says_when_the_feed_is_back_and_all_else_goes_on(viewer: User) -> None:
    make_clip(make_user(), caption="a fox")
    now, program = timezone.now(), program_of(viewer)
    assert program.get("/api/v1/feed").status_code == 200
    night = {"start": f"{now.hour:02}:00", "end": f"{(now.hour + 2) % 24:02}:00"}
    body: dict[str, Any] = {"night_break": night, "time_zone": "UTC"}
    assert (
        program.patch("/api/v1/feed/settings", body, content_type="application/json").status_code
        == 200
    )
    for mode in ("for_you", "following", "latest", "trending", "unprofiled"):
        refused = program.get("/api/v1/feed", {"mode": mode})
        assert refused.status_code == 403
        told = refused.json()
        assert (told["code"], told["reason"]) == ("break_time", "night")
        assert datetime.fromisoformat(told["ends_at"]) > now
        assert 0 < int(refused.headers["Retry-After"]) <= 2 * 3600
    for path in ("/api/v1/me", "/api/v1/feed/settings", "/api/v1/feed/steering"):
        assert program.get(path).status_code == 200
    program.patch("/api/v1/feed/settings", {"night_break": None}, content_type="application/json")
    assert program.get("/api/v1/feed").status_code == 200
