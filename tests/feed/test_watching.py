"""What an event says of the viewer's liking."""

from uuid import UUID

from hypothesis import given
from hypothesis import strategies as st

from feed.ranking.actions import Action, Event
from feed.ranking.watching import strength_of, usual_share, watch_strength

DURATIONS = st.floats(0.5, 600)
SECONDS = st.floats(0, 3600)


def event(action: Action, *, watched: float = 0.0, duration: float = 0.0, loops: int = 0) -> Event:
    return Event(action, UUID(int=1), 0.0, watched, duration, loops)


@given(st.sampled_from(Action), SECONDS, st.floats(0, 600), st.integers(0, 1000))
def test_every_action_has_a_strength_between_minus_one_and_one(
    action: Action, watched: float, duration: float, loops: int
) -> None:
    assert -1.0 <= strength_of(event(action, watched=watched, duration=duration, loops=loops)) <= 1


@given(SECONDS, SECONDS, DURATIONS)
def test_watching_more_of_a_clip_never_says_less(one: float, other: float, length: float) -> None:
    less, more = sorted((one, other))
    assert watch_strength(watched_seconds=less, duration_seconds=length) <= watch_strength(
        watched_seconds=more, duration_seconds=length
    )


@given(DURATIONS, DURATIONS)
def test_finishing_a_longer_clip_says_at_least_as_much(one: float, other: float) -> None:
    short, long = sorted((one, other))
    assert watch_strength(watched_seconds=short, duration_seconds=short) <= watch_strength(
        watched_seconds=long, duration_seconds=long
    )


@given(DURATIONS)
def test_watching_what_is_usual_says_nothing(length: float) -> None:
    usual = usual_share(length) * length
    assert abs(watch_strength(watched_seconds=usual, duration_seconds=length)) < 1e-6


def test_the_same_seconds_say_different_things_of_a_short_and_a_long_clip() -> None:
    of_a_short_one = watch_strength(watched_seconds=4, duration_seconds=4)
    of_a_long_one = watch_strength(watched_seconds=4, duration_seconds=60)
    assert of_a_short_one > 0 > of_a_long_one


def test_loops_count_as_whole_viewings() -> None:
    once = watch_strength(watched_seconds=5, duration_seconds=5)
    thrice = watch_strength(watched_seconds=5, duration_seconds=5, loops=3)
    assert 0 < once < thrice


def test_a_word_or_a_button_says_more_than_any_watch() -> None:
    best = watch_strength(watched_seconds=1e6, duration_seconds=600)
    worst = watch_strength(watched_seconds=0, duration_seconds=600)
    assert strength_of(event(Action.LIKE)) > best
    assert strength_of(event(Action.NOT_INTERESTED)) < worst < 0


def test_nothing_is_said_of_a_clip_without_a_duration() -> None:
    assert strength_of(event(Action.WATCH, watched=9.0)) == 0.0
