"""What strikes lead to, over every edge of the ladder."""

from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from moderation.policy.ladder import (
    GRAVE_WEIGHT,
    PAUSES,
    RUNGS,
    STRIKE_LIFE,
    WEIGHT,
    Rung,
    Standing,
    paused_until,
    points,
    rung,
    weight_of,
)

NOW = datetime(2026, 11, 22, 12, tzinfo=UTC)
DAY = timedelta(days=1)


def strike(*, days_ago: float = 0, weight: int = WEIGHT, is_revoked: bool = False) -> Standing:
    at = NOW - days_ago * DAY
    return Standing(at, at + STRIKE_LIFE, weight, is_revoked)


@pytest.mark.parametrize(
    ("count", "reached", "pause_days"),
    [
        (0, Rung.NONE, None),
        (1, Rung.WARNED, None),
        (2, Rung.PAUSED_WEEK, 7),
        (3, Rung.PAUSED_MONTH, 30),
        (4, Rung.TERMINATION_PROPOSED, 30),
        (9, Rung.TERMINATION_PROPOSED, 30),
    ],
)
def test_each_strike_is_a_rung(count: int, reached: Rung, pause_days: int | None) -> None:
    strikes = [strike() for _ in range(count)]
    assert rung(strikes, now=NOW) is reached
    assert paused_until(strikes, now=NOW) == (NOW + pause_days * DAY if pause_days else None)


def test_grave_ones_count_twice_and_others_once() -> None:
    assert [weight_of(severity) for severity in (1, 2, 3, 4)] == [1, 1, 1, 2]
    assert rung([strike(weight=GRAVE_WEIGHT)], now=NOW) is Rung.PAUSED_WEEK
    assert rung([strike(weight=GRAVE_WEIGHT)] * 2, now=NOW) is Rung.TERMINATION_PROPOSED


def test_a_strike_counts_for_ninety_days_and_not_a_moment_longer() -> None:
    one = strike(days_ago=90)
    assert not one.counts(NOW)
    assert one.counts(NOW - timedelta(microseconds=1))
    assert strike().counts(NOW)
    assert not strike(days_ago=-1).counts(NOW)


def test_a_revoked_strike_shortens_or_ends_the_pause() -> None:
    three = [strike(days_ago=2), strike(days_ago=1), strike()]
    assert paused_until(three, now=NOW) == NOW + 30 * DAY
    two = [*three[:2], strike(is_revoked=True)]
    assert paused_until(two, now=NOW) == NOW + 6 * DAY
    assert paused_until([three[0]], now=NOW) is None


@given(
    st.lists(
        st.builds(
            strike,
            days_ago=st.floats(-5, 200),
            weight=st.integers(1, 2),
            is_revoked=st.booleans(),
        ),
        max_size=8,
    )
)
def test_whatever_the_strikes_the_ladder_holds(strikes: list[Standing]) -> None:
    reached = rung(strikes, now=NOW)
    counted = points(strikes, now=NOW)
    assert reached is RUNGS[min(counted, 4)]
    until = paused_until(strikes, now=NOW)
    if until is not None:
        assert NOW < until <= NOW + PAUSES[reached]
    revoked = [Standing(s.at, s.expires_at, s.weight, is_revoked=True) for s in strikes]
    assert rung(revoked, now=NOW) is Rung.NONE
    later = NOW + STRIKE_LIFE + 6 * DAY
    assert paused_until(strikes, now=later) is None
