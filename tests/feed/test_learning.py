"""What the ranking learns from a log, and what it then says; nothing here knows a table."""

from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from feed.ranking.catalogue import Catalogue
from feed.ranking.evaluation import evaluate
from feed.ranking.gate import Gate
from feed.ranking.interactions import History, Interactions, Query, at_time, leave_last_out
from feed.ranking.item_models import ItemModels, fit_item_models
from feed.ranking.learning import fit, fit_gate
from feed.ranking.measures import ndcg, recall
from feed.ranking.recommending import recommend
from feed.ranking.relevance import POPULARITY, SOURCES, Fit, personal, popularity, relevance
from feed.ranking.replaying import Moment, moments
from feed.ranking.usual import usual_gate
from feed.ranking.viewers import Meetings, ViewerState, Wishes

DAY = 86_400.0

Rows = list[tuple[int, int, float]]
events = st.lists(
    st.tuples(st.integers(0, 5), st.integers(0, 9), st.integers(0, 20).map(float)),
    min_size=1,
    max_size=60,
)


def log_of(*rows: tuple[int, int, float]) -> Interactions:
    return Interactions.of(*zip(*rows, strict=True))


def chain(people: int = 40, items: int = 12, length: int = 6) -> Interactions:
    """Everybody walks the same ring of items, from a place of their own, a minute a step."""
    rows = [
        (who, (who * 5 + step) % items, who * DAY / 4 + step * 60.0)
        for who in range(people)
        for step in range(length)
    ]
    return log_of(*rows)


def moment_of(log: Interactions, user: int, *, now: float) -> Moment:
    models = fit_item_models(log, now=now)
    (moment,) = moments(log, [Query(user, now, np.array([0]))], models)
    return moment


def said_by(name: str, models: ItemModels, catalogue: Catalogue, history: History) -> list[float]:
    said = np.vstack([personal(models, catalogue, history), popularity(models, catalogue)])
    return [float(value) for value in said[SOURCES.index(name)]]


class TestLogs:
    @given(events)
    def test_every_event_counts_once_whatever_the_order(self, rows: Rows) -> None:
        log = log_of(*rows, *rows)
        assert sorted(zip(log.users, log.items, log.times, strict=True)) == sorted(set(rows))
        assert np.all(np.diff(log.times) >= 0)

    @given(events)
    def test_the_last_event_of_everybody_is_asked_for_and_not_seen(self, rows: Rows) -> None:
        log = log_of(*rows)
        split = leave_last_out(log)
        assert {query.user for query in split.queries} == set(log.users.tolist())
        assert len(split.seen) + len(split.queries) == len(log)
        for query in split.queries:
            assert query.now == log.times[log.users == query.user].max()

    @given(events, st.floats(0.1, 0.9))
    def test_a_cut_lets_nothing_be_seen_from_then_on(self, rows: Rows, share: float) -> None:
        log = log_of(*rows)
        split = at_time(log, share)
        moments_asked = {query.now for query in split.queries}
        assert len(moments_asked) == 1
        assert all(split.seen.times < moments_asked.pop())
        after = {(query.user, int(item)) for query in split.queries for item in query.targets}
        kept = len(split.seen)
        assert after == set(zip(log.users[kept:], log.items[kept:], strict=True))

    @given(events)
    def test_of_meetings_the_first_is_kept(self, rows: Rows) -> None:
        first = log_of(*rows).first_meetings()
        for user, item, time in zip(first.users, first.items, first.times, strict=True):
            assert time == min(row[2] for row in rows if row[:2] == (user, item))
        assert len(first) == len({row[:2] for row in rows})


class TestItemModels:
    def test_what_follows_is_not_what_precedes(self) -> None:
        moment = moment_of(chain(), 0, now=100 * DAY)
        met = History(np.array([3]), np.array([0.0]))
        after = said_by("sequence-0.9", moment.models, moment.catalogue, met)
        assert after[4] > after[5] > after[2]

    @pytest.mark.parametrize("source", ["likeness-1.0", "together"])
    def test_what_the_same_people_met_goes_together(self, source: str) -> None:
        rows = [
            (who, who % 2 * 3 + place, who * 10.0 + place)
            for who in range(60)
            for place in range(3)
        ]
        moment = moment_of(log_of(*rows), 0, now=1000.0)
        met = History(np.array([0]), np.array([0.0]))
        said = said_by(source, moment.models, moment.catalogue, met)
        assert min(said[1:3]) > max(said[3:])

    def test_only_the_most_met_are_known_and_others_are_like_unrelated_ones(self) -> None:
        rows = [(who, item, float(who)) for item in range(8) for who in range(9 - item)]
        log = log_of(*rows)
        models = fit_item_models(log, now=10.0, most_items=5)
        assert models.numbers.tolist() == [0, 1, 2, 3, 4]
        catalogue = moment_of(log, 0, now=10.0).catalogue
        said = personal(models, catalogue, History(np.array([0]), np.array([1.0])))
        assert said.shape[1] == 8
        assert np.all(said[:, 5:] == said[:, [5]])
        assert np.all(said[:, 1] > said[:, 5])

    @settings(max_examples=20, deadline=None)
    @given(st.permutations(range(12)))
    def test_names_mean_nothing(self, names: list[int]) -> None:
        log, gate = chain(), usual_gate()
        renamed = Interactions(log.users, np.array(names)[log.items], log.times)
        one, other = (moment_of(each, 7, now=3 * DAY) for each in (log, renamed))
        said, shares = relevance(one.models, gate, one.catalogue, one.viewer, now=3 * DAY)
        again, same = relevance(other.models, gate, other.catalogue, other.viewer, now=3 * DAY)
        assert np.allclose(said, again[:, names], atol=1e-3)
        assert np.array_equal(shares, same)


class TestPopularity:
    def test_the_shorter_the_half_life_the_more_the_new_counts(self) -> None:
        rows = [(who, 0, float(who)) for who in range(30)]
        rows += [(who, 1, 300 * DAY + who) for who in range(10)]
        moment = moment_of(log_of(*rows), 0, now=300 * DAY + 100)
        said = dict(zip(POPULARITY, popularity(moment.models, moment.catalogue), strict=True))
        assert said["popularity-6h"][1] > said["popularity-6h"][0]
        assert said["popularity-36500d"][0] > said["popularity-36500d"][1]

    def test_what_comes_later_is_not_known_before(self) -> None:
        log = chain()
        now = float(np.median(log.times))
        models = fit_item_models(log, now=now)
        query = [Query(0, now, np.array([0]))]
        numbers = np.arange(12)
        futures = [
            log_of(*zip(log.users, log.items, log.times, strict=True), *more)
            for more in ([], [(9, 0, now + 1 + step) for step in range(50)])
        ]
        known = [next(iter(moments(future, query, models))) for future in futures]
        assert all(np.array_equal(one.catalogue.numbers, numbers) for one in known)
        assert np.array_equal(known[0].catalogue.trends, known[1].catalogue.trends)
        assert np.array_equal(known[0].models.popularity, known[1].models.popularity)


class TestGate:
    def test_of_nothing_the_usual_gate_is_learned(self) -> None:
        assert np.array_equal(fit_gate(log_of((1, 1, 1.0))).weights, usual_gate().weights)

    def test_of_little_a_gate_near_the_usual_one_is_learned(self) -> None:
        few, more = (fit_gate(chain(people=people)).weights for people in (4, 40))
        apart = [float(np.abs(each - usual_gate().weights).sum()) for each in (few, more)]
        assert 0 < apart[0] < apart[1]

    def test_the_same_log_teaches_the_same(self) -> None:
        assert np.array_equal(fit_gate(chain()).weights, fit_gate(chain()).weights)

    def test_who_is_new_is_shown_what_is_popular(self) -> None:
        shares = usual_gate().shares(History(np.empty(0, np.int64), np.empty(0)), now=0.0)
        assert shares[-len(POPULARITY) :].sum() > 0


class TestRelevance:
    @settings(max_examples=25, deadline=None)
    @given(events)
    def test_whatever_the_log_nothing_met_is_recommended(self, rows: Rows) -> None:
        log = log_of(*rows)
        moment = moment_of(log, 0, now=30.0)
        picks = recommend(
            moment.catalogue,
            Fit(moment.models, usual_gate()),
            moment.viewer,
            Wishes(),
            count=20,
            now=30.0,
            random=np.random.default_rng(0),
        )
        numbers = {pick.number for pick in picks}
        assert not numbers & set(moment.met.items.tolist())
        assert numbers == set(log.items.tolist()) - set(moment.met.items.tolist())

    def test_without_clips_or_without_models_there_is_nothing_to_say(self) -> None:
        empty = Interactions(np.empty(0, np.int64), np.empty(0, np.int64), np.empty(0))
        nothing = fit(empty, now=0.0)
        moment = moment_of(chain(), 0, now=DAY)
        said, shares = relevance(
            nothing.models, nothing.gate, moment.catalogue, moment.viewer, now=DAY
        )
        assert said.shape == (len(SOURCES), 12)
        assert np.isfinite(shares @ said).all()
        no_clips = replace(
            moment.catalogue,
            numbers=np.empty(0, np.uint32),
            trends=np.empty((0, 3), np.float32),
        )
        said, _ = relevance(moment.models, nothing.gate, no_clips, ViewerState(), now=DAY)
        assert said.shape == (len(SOURCES), 0)

    def test_the_order_of_a_viewer_who_dislikes_hangs_on_what_they_like(self) -> None:
        moment = moment_of(chain(), 0, now=DAY)
        liked = moment.viewer
        shunned = replace(
            liked,
            meetings=Meetings.of(
                (*liked.meetings, replace(liked.meetings[0], number=9, at=DAY, strength=-1.0))
            ),
        )
        gate = Gate(usual_gate().weights)
        one, _ = relevance(moment.models, gate, moment.catalogue, liked, now=DAY)
        other, _ = relevance(moment.models, gate, moment.catalogue, shunned, now=DAY)
        assert np.array_equal(one, other)


class TestMeasures:
    def test_the_first_place_is_worth_most(self) -> None:
        listed = np.array([7, 8, 9])
        assert ndcg(listed, np.array([7]), length=3) == 1.0
        assert ndcg(listed, np.array([8]), length=3) == pytest.approx(1 / np.log2(3))
        assert ndcg(listed, np.array([5]), length=3) == 0.0
        assert ndcg(listed, np.array([9, 8, 7, 6]), length=3) == pytest.approx(1.0)

    def test_recall_counts_what_is_found(self) -> None:
        assert recall(np.array([1, 2, 3]), np.array([3, 4])) == 0.5

    def test_an_order_that_everybody_keeps_is_found_out(self) -> None:
        found = evaluate(chain(people=200), "leave-last-out")
        scores = found.scores
        assert found.queries == 200
        assert scores["ours"].ndcg > 2 * scores["popularity"].ndcg
        assert scores["ours"].ndcg == pytest.approx(scores["relevance alone"].ndcg)
