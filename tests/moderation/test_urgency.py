"""What is given to reviewers first."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta

from hypothesis import given
from hypothesis import strategies as st

from moderation.ranking.urgency import Case, urgency

NOW = datetime(2026, 11, 22, 12, tzinfo=UTC)
HOURS = st.floats(0, 1000).map(lambda hours: timedelta(hours=hours))

cases = st.builds(
    Case,
    severity=st.integers(1, 4),
    reach=st.integers(0, 10**9),
    weight=st.floats(0.1, 10),
    is_from_trusted_flagger=st.booleans(),
    opened_at=HOURS.map(lambda age: NOW - age),
    deadline_at=st.none() | st.floats(-100, 1000).map(lambda hours: NOW + timedelta(hours=hours)),
)


@given(cases)
def test_more_severe_more_seen_better_reported_and_older_come_first(case: Case) -> None:
    plain = urgency(case, now=NOW)
    assert plain > 0
    if case.severity < 4:
        assert urgency(replace(case, severity=case.severity + 1), now=NOW) > plain
    assert urgency(replace(case, reach=case.reach * 2 + 1), now=NOW) > plain
    assert urgency(replace(case, weight=case.weight * 1.5), now=NOW) >= plain
    assert urgency(replace(case, opened_at=case.opened_at - timedelta(hours=1)), now=NOW) > plain
    assert urgency(case, now=NOW + timedelta(hours=1)) > plain


@given(cases, st.floats(0, 1000), st.floats(1, 1000))
def test_a_deadline_makes_it_urgent_and_the_nearer_one_more(
    case: Case, hours: float, further: float
) -> None:
    near = replace(case, deadline_at=NOW + timedelta(hours=hours))
    far = replace(case, deadline_at=NOW + timedelta(hours=hours + further))
    none = replace(case, deadline_at=None)
    assert urgency(near, now=NOW) >= urgency(far, now=NOW) > urgency(none, now=NOW)


@given(cases)
def test_trusted_flaggers_come_before_the_gravest_report_of_anybody_else(case: Case) -> None:
    other = replace(case, is_from_trusted_flagger=False, severity=4)
    trusted = replace(case, is_from_trusted_flagger=True, severity=1)
    assert urgency(trusted, now=NOW) > urgency(other, now=NOW)


def test_a_takedown_clock_at_its_end_comes_before_what_can_wait() -> None:
    lone = Case(1, 0, 1.0, is_from_trusted_flagger=False, opened_at=NOW, deadline_at=None)
    viral = replace(lone, severity=3, reach=100_000)
    late = replace(lone, severity=2, deadline_at=NOW)
    assert urgency(late, now=NOW) > urgency(viral, now=NOW)
