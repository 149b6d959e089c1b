"""When the feed rests, by the clock on the wall where a person is."""

from datetime import UTC, datetime, time

import pytest

from feed.policy.choices import MINORS_NIGHT, Choices, Night, rules_for
from feed.policy.pace import Break, Reason, day_break, night_break

BERLIN = "Europe/Berlin"
NAP = Night(time(13), time(14, 30))


def at(text: str) -> datetime:
    return datetime.fromisoformat(text).replace(tzinfo=UTC)


@pytest.mark.parametrize(
    ("now", "ends"),
    [
        ("2026-01-10 20:59", None),
        ("2026-01-10 21:00", "2026-01-11T06:00:00+01:00"),
        ("2026-01-11 04:59:59", "2026-01-11T06:00:00+01:00"),
        ("2026-01-11 05:00", None),
        ("2026-07-10 20:30", "2026-07-11T06:00:00+02:00"),
        # The night in which clocks go forward is an hour shorter.
        ("2026-03-28 23:00", "2026-03-29T06:00:00+02:00"),
        ("2026-01-10 12:15", "2026-01-10T14:30:00+01:00"),
        ("2026-01-10 13:30", None),
    ],
)
def test_nights_are_where_the_viewer_is(now: str, ends: str | None) -> None:
    rest = night_break([MINORS_NIGHT, NAP], zone=BERLIN, now=at(now))
    assert (rest.ends_at.isoformat() if rest else None) == ends


def test_nights_that_follow_upon_each_other_are_one() -> None:
    longer = Night(time(5), time(8))
    rest = night_break([MINORS_NIGHT, longer], zone="UTC", now=at("2026-01-10 23:00"))
    assert rest == Break(Reason.NIGHT, at("2026-01-11 08:00"))
    day = Night(time(6), time(22))
    assert night_break([MINORS_NIGHT, day], zone="UTC", now=at("2026-01-10 23:00")) is not None


def test_a_spent_day_ends_at_midnight_where_the_viewer_is() -> None:
    assert day_break(zone=BERLIN, now=at("2026-01-10 15:00")).ends_at == at("2026-01-10 23:00")


def test_what_protects_minors_can_only_become_stricter() -> None:
    nothing = rules_for(Choices(), is_minor=True, usual_zone="UTC")
    assert nothing.nights == (MINORS_NIGHT,)
    assert nothing.daily_minutes == 60
    assert not nothing.is_profiled
    assert not nothing.plays_by_itself
    loose = Choices(is_profiled=True, daily_minutes=600, night=NAP)
    tried = rules_for(loose, is_minor=True, usual_zone="UTC")
    assert not tried.is_profiled
    assert tried.daily_minutes == 60
    assert set(tried.nights) == {NAP, MINORS_NIGHT}
    strict = rules_for(Choices(daily_minutes=20), is_minor=True, usual_zone="UTC")
    assert strict.daily_minutes == 20


def test_adults_and_who_did_not_say_choose_for_themselves() -> None:
    nothing = rules_for(Choices(), is_minor=False, usual_zone="UTC")
    assert nothing.is_profiled
    assert nothing.plays_by_itself
    assert not nothing.is_paced
    chosen = Choices(is_profiled=False, plays_by_itself=False, daily_minutes=600)
    rules = rules_for(chosen, is_minor=False, usual_zone="UTC")
    assert not rules.is_profiled
    assert not rules.plays_by_itself
    assert rules.is_paced
