"""The order of a for-you page, on its own."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from uuid import UUID

import pytest
from hypothesis import given
from hypothesis import strategies as st

from feed.ranking.diversity import author_factor, best
from feed.ranking.scoring import Candidate, Taste, affinity, freshness, quality, score

NOW = datetime(2026, 6, 1, tzinfo=UTC)
NOBODY = Taste()

candidates = st.builds(
    Candidate,
    id=st.uuids(version=4),
    author_id=st.integers(0, 5).map(lambda number: UUID(int=number)),
    published_at=st.integers(0, 10_000).map(lambda hours: NOW - timedelta(hours=hours)),
    hashtags=st.lists(st.sampled_from(["cat", "dog", "sea"]), unique=True).map(tuple),
    likes=st.integers(0, 10_000),
    views=st.integers(0, 10_000),
    completions=st.integers(0, 10_000),
    is_followed=st.booleans(),
    is_watched=st.booleans(),
    is_own=st.booleans(),
)


def clip(number: int, *, author: int = 0, age_hours: float = 0.0, **known: object) -> Candidate:
    published_at = NOW - timedelta(hours=age_hours)
    return replace(
        Candidate(UUID(int=number), UUID(int=author), published_at),
        **known,  # type: ignore[arg-type]
    )


def test_a_clip_is_worth_half_after_a_day_and_never_nothing() -> None:
    assert freshness(clip(1), now=NOW) == 1
    assert freshness(clip(1, age_hours=24), now=NOW) == pytest.approx(0.5)
    assert freshness(clip(1, age_hours=100_000), now=NOW) == 0.02
    assert freshness(clip(1, age_hours=-5), now=NOW) == 1


def test_likes_and_complete_viewings_raise_views_alone_do_not() -> None:
    plain = clip(1, views=100)
    assert quality(replace(plain, likes=20)) > quality(plain)
    assert quality(replace(plain, completions=80)) > quality(plain)
    assert quality(replace(plain, views=1000)) < quality(plain)


def test_one_lucky_like_does_not_beat_many() -> None:
    assert quality(clip(1, likes=1, views=1)) < quality(clip(2, likes=300, views=1000))


def test_what_one_follows_and_likes_comes_closer() -> None:
    taste = Taste({"cat": 0.5})
    assert affinity(clip(1), taste) == 1
    assert affinity(clip(1, hashtags=("cat",)), taste) > 1
    assert affinity(clip(1, is_followed=True), taste) > affinity(clip(1, hashtags=("cat",)), taste)


@given(candidates)
def test_every_clip_has_a_worth_and_a_watched_one_less(one: Candidate) -> None:
    assert score(one, NOBODY, now=NOW) > 0
    seen, unseen = replace(one, is_watched=True), replace(one, is_watched=False)
    assert score(seen, NOBODY, now=NOW) < score(unseen, NOBODY, now=NOW)


def test_no_author_fills_the_page_while_others_are_nearly_as_good() -> None:
    loud = [clip(number, author=1, age_hours=number * 0.1) for number in range(5)]
    quiet = clip(99, author=2, age_hours=10)
    order = [one.id.int for one in best([*loud, quiet], NOBODY, limit=3, now=NOW)]
    assert order == [0, 99, 1]
    assert [author_factor(shown) for shown in (0, 1, 2)] == [1, 0.625, 0.4375]


@given(st.lists(candidates, max_size=30, unique_by=lambda one: one.id), st.integers(1, 12))
def test_the_best_is_what_an_exhaustive_search_finds(pool: list[Candidate], limit: int) -> None:
    expected: list[Candidate] = []
    left = list(pool)
    while left and len(expected) < limit:
        authors = [one.author_id for one in expected]

        def worth(one: Candidate, authors: list[UUID] = authors) -> float:
            return score(one, NOBODY, now=NOW) * author_factor(authors.count(one.author_id))

        expected.append(max(left, key=worth))
        left.remove(expected[-1])
    chosen = best(pool, NOBODY, limit=limit, now=NOW)

    assert len(chosen) == len({one.id for one in chosen}) == len(expected)
    shown: list[UUID] = []
    for mine, theirs in zip(chosen, expected, strict=True):
        worths = [
            score(one, NOBODY, now=NOW) * author_factor(shown.count(one.author_id))
            for one in (mine, theirs)
        ]
        assert worths[0] == pytest.approx(worths[1])
        if mine != theirs:
            return  # a tie: from here on, the two may differ
        shown.append(mine.author_id)


@given(st.lists(candidates, max_size=30, unique_by=lambda one: one.id))
def test_the_order_does_not_depend_on_how_the_pool_was_read(pool: list[Candidate]) -> None:
    assert best(pool, NOBODY, limit=10, now=NOW) == best(pool[::-1], NOBODY, limit=10, now=NOW)
