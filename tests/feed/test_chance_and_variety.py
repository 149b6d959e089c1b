"""Places that chance fills, and how a page gets its variety."""

from collections import Counter
from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from feed.ranking.catalogue import RESPONSES
from feed.ranking.diversity import Pool, varied_order
from feed.ranking.exploration import explored, first_turns
from feed.ranking.parameters import PARAMETERS
from feed.ranking.prepared import prepared, unit
from feed.ranking.responses import reception, weight_of_usual
from feed.ranking.tastes import liking
from feed.ranking.viewers import Meeting, Meetings
from tests.feed.worlds import NOW, TOPICS, catalogue

CLIPS = catalogue(200)
NEW = catalogue(200, known=False)
LITTLE_KNOWN = replace(
    CLIPS, responses=np.minimum(CLIPS.responses, np.float32(PARAMETERS.first_impressions + 50))
)
EVERYONE = np.ones(200, np.bool_)
EVEN = np.ones(200, np.float32)
ROUNDING = 1e-5


def test_first_places_go_to_who_was_shown_least_and_waited_longest() -> None:
    responses = NEW.responses.copy()
    responses[:100, 0] = 50
    ready = prepared(replace(NEW, responses=responses))
    line = ready.first_in_line
    assert set(line[:100]) == set(range(100, 200))
    assert np.all(np.diff(NEW.published_at[line[:100]]) >= 0)
    drawn = first_turns(ready, EVERYONE, EVEN, count=20, random=np.random.default_rng(0))
    assert {draw.row for draw in drawn} <= set(line[: PARAMETERS.first_pool])


@pytest.mark.parametrize("draw_of", [first_turns, explored])
def test_the_logged_propensity_is_how_often_it_happens(draw_of: object) -> None:
    clips = NEW if draw_of is first_turns else LITTLE_KNOWN
    ready = prepared(clips)
    allowed = np.zeros(200, np.bool_)
    allowed[:4] = True
    scores = np.linspace(1, 2, 200, dtype=np.float32)
    draw = first_turns if draw_of is first_turns else explored
    times, weights = Counter[int](), dict.fromkeys(range(4), 0.0)
    random = np.random.default_rng(1)
    for _ in range(1500):
        one = draw(ready, allowed, scores, count=1, random=random)[0]
        times[one.row] += 1
        weights[one.row] += 1 / one.propensity
    # Weighed by its propensity, every clip was shown once in each round.
    for row in range(4):
        assert weights[row] / 1500 == pytest.approx(1.0, abs=0.25)
    assert sum(times.values()) == 1500


def test_nothing_known_well_is_explored_and_nothing_twice() -> None:
    random = np.random.default_rng(0)
    known = replace(CLIPS, responses=CLIPS.responses + np.float32(PARAMETERS.exploring_until))
    assert explored(prepared(known), EVERYONE, EVEN, count=3, random=random) == []
    drawn = explored(prepared(LITTLE_KNOWN), EVERYONE, EVEN, count=10, random=random)
    assert len({draw.row for draw in drawn}) == len(drawn) == 10


@given(st.integers(0, 1000), st.integers(1, 30), st.floats(0.3, 1.0))
def test_an_order_has_each_clip_once_and_the_best_first(
    seed: int, count: int, theta: float
) -> None:
    random = np.random.default_rng(seed)
    pool = Pool(
        scores=random.uniform(0.1, 1, 40).astype(np.float32),
        coordinates=prepared(CLIPS).coordinates[:40],
        authors=random.integers(0, 10, 40),
        kinds=np.zeros(40, np.uint8),
    )
    parameters = replace(PARAMETERS, diversity_theta=theta)
    order = varied_order(pool, count=count, fixed={}, shares={}, parameters=parameters)
    assert len(set(order.tolist())) == len(order) == count
    assert order[0] == int(np.argmax(pool.scores))


@given(st.integers(0, 1000), st.integers(1, 60), st.integers(1, 50))
def test_an_order_is_the_greedy_one_by_score_author_and_likeness(
    seed: int, size: int, count: int
) -> None:
    random = np.random.default_rng(seed)
    pool = Pool(
        scores=random.uniform(0.1, 1, size).astype(np.float32),
        coordinates=unit(random.standard_normal((size, 4)) + 1),
        authors=random.integers(0, 8, size),
        kinds=random.integers(0, 2, size).astype(np.uint8),
    )
    kept = {int(random.integers(0, count)): 0}
    order = varied_order(pool, count=count, fixed=kept, shares={0: 0.4}, parameters=PARAMETERS)
    assert len(order) == min(count, size)
    for place, clip in enumerate(order.tolist()):
        best = best_next(pool, order[:place].tolist(), kept=kept, share=0.4)
        assert clip in best, (place, clip, best)


def best_next(pool: Pool, chosen: list[int], *, kept: dict[int, int], share: float) -> set[int]:
    """What may come next, as it is defined; more than one where rounding may decide."""
    theta, floor = PARAMETERS.diversity_theta, PARAMETERS.author_floor

    def worth(clip: int) -> float:
        already = sum(pool.authors[one] == pool.authors[clip] for one in chosen)
        factor = (1 - floor) * PARAMETERS.author_decay**already + floor
        likeness = pool.coordinates[chosen[-9:]] @ pool.coordinates[clip]
        crowd = (1 - theta) * float(np.square(np.maximum(likeness, 0)).sum())
        return float(theta * pool.scores[clip] / pool.scores.max() * factor - crowd)

    def is_too_much(clip: int) -> bool:
        of_author = sum(pool.authors[one] == pool.authors[clip] for one in chosen[-9:])
        of_kind = sum(pool.kinds[one] == 0 for one in chosen)
        is_full = of_kind + 1 > share * (len(chosen) + 1) + 0.5
        return bool(of_author >= PARAMETERS.author_cap or (pool.kinds[clip] == 0 and is_full))

    held = set(kept.values()) - set(chosen)
    now = kept.get(len(chosen))
    if now in held and not is_too_much(now):
        return {now}
    left = [clip for clip in range(len(pool)) if clip not in chosen and clip not in held]
    fitting = [clip for clip in left if not is_too_much(clip)] or left
    if not fitting:
        return {min(held)}
    highest = max(map(worth, fitting))
    return {clip for clip in fitting if worth(clip) > highest - ROUNDING}


def test_what_was_met_lately_counts_by_its_strength_its_likeness_and_its_age() -> None:
    ready = prepared(CLIPS)
    age = PARAMETERS.taste_half_life_hours * 3600
    said = ((0, -0.5, age), (8, 1.0, 0.0), (1, 0.3, 0.0), (2, 0.0, 0.0))
    met = Meetings.of(Meeting(int(CLIPS.numbers[row]), NOW - ago, y) for row, y, ago in said)
    near = liking(ready, met, now=NOW)
    likeness = np.maximum(ready.coordinates[[0, 8, 1]] @ ready.coordinates[16], 0) ** 4
    counts = likeness * np.array([0.5, 1, 1])
    expected = counts @ np.array([-0.5, 1.0, 0.3]) / (counts.sum() + PARAMETERS.taste_doubt)
    assert near[16] == pytest.approx(expected, abs=1e-5)
    assert not liking(ready, Meetings.of(()), now=NOW).any()


def test_of_two_good_clips_the_one_unlike_the_first_comes_next() -> None:
    same, other = np.array([1, 0]), np.array([0, 1])
    pool = Pool(
        scores=np.array([1.0, 0.83, 0.8], np.float32),
        coordinates=np.array([same, same, other], np.float32),
        authors=np.array([1, 2, 3]),
        kinds=np.zeros(3, np.uint8),
    )
    order = varied_order(pool, count=3, fixed={}, shares={}, parameters=PARAMETERS)
    assert order.tolist() == [0, 2, 1]


def test_a_second_interest_is_not_lost_in_the_first() -> None:
    ready = prepared(CLIPS)
    rows = [row for row in range(200) if row % len(TOPICS) == 0][:20]
    rows += [row for row in range(200) if row % len(TOPICS) == 1][:3]
    met = Meetings.of(Meeting(int(CLIPS.numbers[row]), NOW, 0.8) for row in rows)
    near = liking(ready, met, now=NOW)
    topics = np.arange(200) % len(TOPICS)
    assert near[topics == 1].mean() > 0.4 * near[topics == 0].mean()
    assert near[topics == 2].mean() < 0.2 * near[topics == 1].mean()


def test_one_report_of_few_viewers_decides_nothing_and_many_of_many_do() -> None:
    def quality(impressions: float, reports: float) -> float:
        responses = CLIPS.responses.copy()
        responses[0] = 0
        responses[0, RESPONSES.index("completions")] = impressions * 0.4
        responses[0, [0, RESPONSES.index("reports")]] = impressions, reports
        return float(reception(replace(CLIPS, responses=responses), PARAMETERS).quality[0])

    assert quality(120, 1) > 0.5 * quality(120, 0)
    assert quality(10_000, 300) == pytest.approx(PARAMETERS.quality_least)


def test_the_more_clips_differ_the_sooner_a_clip_is_believed() -> None:
    random = np.random.default_rng(0)
    shown = random.integers(50, 500, 300).astype(np.float32)

    def weight(rates: np.ndarray[tuple[int], np.dtype[np.float64]]) -> float:
        counts = random.binomial(shown.astype(np.int64), rates).astype(np.float32)
        return weight_of_usual(counts, shown, mean=0.4, parameters=PARAMETERS)

    nothing = np.zeros(0, np.float32)
    usual = weight_of_usual(nothing, nothing, mean=0.4, parameters=PARAMETERS)
    assert usual == pytest.approx(PARAMETERS.prior_impressions)
    assert weight(np.full(300, 0.4)) > 2 * usual
    # A Beta(4, 6) is a prior of ten impressions.
    assert weight(random.beta(4, 6, 300)) == pytest.approx(10, rel=0.3)
