"""A page of the feed as the ranking makes it."""

from collections import Counter
from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from pyroaring import BitMap

from feed.ranking.catalogue import PROVENANCES, RESPONSES, Catalogue
from feed.ranking.parameters import PARAMETERS, Parameters, described_parameters
from feed.ranking.picks import Pick
from feed.ranking.recommending import recommend
from feed.ranking.viewers import Chip, Likings, Meeting, Meetings, TopicAmount, ViewerState, Wishes
from tests.feed.worlds import NOW, TOPICS, catalogue, chip, directions, share_about

CLIPS = catalogue()
NUMBERS = [int(number) for number in CLIPS.numbers]
AUTHORS = sorted({int(author) for author in CLIPS.authors})
SETTLED = Parameters(exploring_places=0, first_places=0)

numbers = st.sampled_from(NUMBERS)
meetings = st.builds(
    Meeting, number=numbers, at=st.floats(NOW - 1e6, NOW), strength=st.floats(-1, 1)
)
viewers = st.builds(
    ViewerState,
    meetings=st.lists(meetings, max_size=40).map(Meetings.of),
    seen=st.sets(numbers, max_size=300).map(BitMap),
    followed=st.frozensets(st.sampled_from(AUTHORS), max_size=10),
    authors=st.dictionaries(st.sampled_from(AUTHORS), st.floats(-1, 1), max_size=10).map(
        Likings.of
    ),
)
wishes = st.builds(
    Wishes,
    is_profiled=st.booleans(),
    is_minor=st.booleans(),
    chips=st.lists(
        st.builds(chip, st.sampled_from(TOPICS), st.sampled_from([-1.0, -0.5, 0.5, 1.0])),
        max_size=3,
    ).map(tuple),
    muted_words=st.frozensets(st.sampled_from([*TOPICS, "in it", "#cattok"]), max_size=2),
    hidden_authors=st.frozensets(st.sampled_from(AUTHORS), max_size=30),
    provenance=st.dictionaries(
        st.sampled_from(PROVENANCES), st.sampled_from([0.0, 0.2, 0.5, 1.0]), max_size=3
    ),
)


def page(
    viewer: ViewerState | None = None,
    asked: Wishes | None = None,
    *,
    clips: Catalogue = CLIPS,
    count: int = 30,
    seed: int = 0,
    parameters: Parameters = PARAMETERS,
) -> list[Pick]:
    picks = recommend(
        clips,
        None,
        viewer or ViewerState(),
        asked or Wishes(),
        count=count,
        now=NOW,
        random=np.random.default_rng(seed),
        parameters=parameters,
    )
    return list(picks)


def numbers_of(picks: list[Pick]) -> list[int]:
    return [pick.number for pick in picks]


@settings(max_examples=60, deadline=None)
@given(viewers, wishes, st.integers(0, 60), st.integers(0, 2**32))
def test_a_page_has_nothing_twice_and_nothing_that_must_not_be_there(
    viewer: ViewerState, asked: Wishes, count: int, seed: int
) -> None:
    picks = page(viewer, asked, count=count, seed=seed)
    chosen = numbers_of(picks)
    rows = CLIPS.places(np.array(chosen, np.uint32))
    assert len(chosen) == len(set(chosen)) <= count
    assert not BitMap(chosen) & viewer.seen
    assert not {int(author) for author in CLIPS.authors[rows]} & asked.hidden_authors
    assert all(CLIPS.is_for_minors[rows]) or not asked.is_minor
    kinds = {PROVENANCES[kind] for kind in CLIPS.provenances[rows]}
    assert not {name for name in kinds if asked.provenance.get(name) == 0}
    for word in asked.muted_words:
        for row in rows:
            assert word.lstrip("#") not in f"{CLIPS.words[row]} {' '.join(CLIPS.hashtags[row])}"
    assert all(0 < pick.propensity <= 1 and pick.score > 0 for pick in picks)


@settings(max_examples=40, deadline=None)
@given(viewers, wishes)
def test_a_page_is_short_only_where_nothing_is_left(viewer: ViewerState, asked: Wishes) -> None:
    everything = page(viewer, asked, count=len(CLIPS))
    assert len(page(viewer, asked, count=20)) == min(20, len(everything))


@settings(max_examples=60, deadline=None)
@given(viewers, viewers, wishes, st.integers(0, 2**32))
def test_without_profiling_two_histories_give_the_same_page(
    one: ViewerState, other: ViewerState, asked: Wishes, seed: int
) -> None:
    unprofiled = replace(asked, is_profiled=False)
    assert page(one, unprofiled, seed=seed) == page(
        replace(other, seen=one.seen), unprofiled, seed=seed
    )


def test_with_profiling_the_history_changes_the_page() -> None:
    liked = [number for number in NUMBERS if share_about("cat", [number], CLIPS)][:8]
    viewer = ViewerState(Meetings.of(Meeting(number, NOW - 60, 0.9) for number in liked))
    after = page(viewer, count=10, parameters=SETTLED)
    before = page(count=10, parameters=SETTLED)
    assert share_about("cat", numbers_of(after), CLIPS) > 2 * max(
        0.1, share_about("cat", numbers_of(before), CLIPS)
    )


@given(viewers, wishes, st.integers(0, 2**32))
@settings(max_examples=20, deadline=None)
def test_the_same_input_gives_the_same_page(viewer: ViewerState, asked: Wishes, seed: int) -> None:
    assert page(viewer, asked, seed=seed) == page(viewer, asked, seed=seed)


@settings(max_examples=30, deadline=None)
@given(viewers)
def test_an_author_has_at_most_two_of_ten_that_follow_each_other(viewer: ViewerState) -> None:
    rows = CLIPS.places(np.array(numbers_of(page(viewer)), np.uint32))
    authors = [int(author) for author in CLIPS.authors[rows]]
    for begin in range(len(authors) - 9):
        assert max(Counter(authors[begin : begin + 10]).values()) <= PARAMETERS.author_cap


def test_an_amount_between_none_and_all_is_a_share_of_the_page() -> None:
    kind = PROVENANCES.index("generated")
    picks = page(asked=Wishes(provenance={"generated": 0.2}), count=10)
    rows = CLIPS.places(np.array(numbers_of(picks), np.uint32))
    assert np.sum(CLIPS.provenances[rows] == kind) <= 2
    mostly = replace(CLIPS, provenances=np.full(len(CLIPS), kind, np.uint8))
    assert len(page(asked=Wishes(provenance={"generated": 0.2}), clips=mostly, count=10)) == 10


def test_ai_can_be_refused_about_one_topic_alone() -> None:
    topic = TopicAmount("felines", 0.0, directions()[TOPICS.index("cat")])
    liked = [number for number in NUMBERS if share_about("cat", [number], CLIPS)][:8]
    viewer = ViewerState(Meetings.of(Meeting(number, NOW - 60, 0.9) for number in liked))
    rows = CLIPS.places(
        np.array(numbers_of(page(viewer, Wishes(ai_by_topic=(topic,)), count=20)), np.uint32)
    )
    cats = rows[rows % len(TOPICS) == TOPICS.index("cat")]
    others = rows[rows % len(TOPICS) != TOPICS.index("cat")]
    none = PROVENANCES.index("none")
    assert np.all(CLIPS.provenances[cats] == none)
    assert np.any(CLIPS.provenances[others] != none)


@pytest.mark.parametrize("text", ["cats", "felines"])
def test_wanted_words_fill_the_next_page_and_go_with_the_chip(text: str) -> None:
    before = page(count=10)
    wanted = page(asked=Wishes(chips=(chip("cat", text=text),)), count=10)
    assert share_about("cat", numbers_of(wanted), CLIPS) >= 0.8
    assert share_about("cat", numbers_of(before), CLIPS) <= 0.4
    assert page(asked=Wishes(chips=()), count=10) == before


@pytest.mark.parametrize("text", ["horror", "frightening things"])
def test_unwanted_words_are_all_but_gone_even_for_who_liked_them(text: str) -> None:
    liked = [number for number in NUMBERS if share_about("horror", [number], CLIPS)][:8]
    viewer = ViewerState(Meetings.of(Meeting(number, NOW - 60, 0.9) for number in liked))
    refused = Wishes(chips=(chip("horror", -1.0, text=text),))
    assert share_about("horror", numbers_of(page(viewer)), CLIPS) >= 0.3
    assert share_about("horror", numbers_of(page(viewer, refused)), CLIPS) == 0.0


def test_a_chip_counts_until_its_time_is_over() -> None:
    over = Wishes(chips=(replace(chip("cat"), until=NOW),))
    assert page(asked=over) == page()


def test_a_hashtag_in_a_chip_counts_whatever_the_words_mean() -> None:
    nowhere = np.zeros(384, np.float32)
    tagged = Wishes(chips=(Chip("xyzzy", 1.0, nowhere, frozenset({"snowtok"})),))
    assert share_about("snow", numbers_of(page(asked=tagged, count=10)), CLIPS) >= 0.8


def test_every_pick_says_where_it_came_from_and_what_moved_it() -> None:
    for pick in page(asked=Wishes(chips=(chip("cat"),))):
        assert pick.sources
        assert "quality" in pick.factors
        assert pick.is_exploration == (pick.propensity < 1)


def test_a_clip_without_first_impressions_gets_a_place_in_ten() -> None:
    responses = CLIPS.responses.copy()
    new = [3, 77]
    responses[new] = 0
    clips = replace(CLIPS, responses=responses)
    shown = Counter[int]()
    for seed in range(40):
        shown.update(numbers_of(page(clips=clips, count=20, seed=seed)))
    assert all(shown[NUMBERS[row]] == 40 for row in new)


def test_a_clip_is_not_judged_before_it_had_its_first_impressions() -> None:
    responses = CLIPS.responses.copy()
    responses[5] = 0
    responses[5, [0, RESPONSES.index("skips")]] = PARAMETERS.first_impressions - 1
    early = {
        pick.number: pick for pick in page(clips=replace(CLIPS, responses=responses), count=400)
    }
    responses[5, [0, RESPONSES.index("skips")]] = PARAMETERS.first_impressions + 400
    late = {
        pick.number: pick for pick in page(clips=replace(CLIPS, responses=responses), count=400)
    }
    assert early[NUMBERS[5]].factors["quality"] >= 1
    assert late[NUMBERS[5]].factors["quality"] < 1


def test_an_empty_catalogue_and_one_of_one_clip_have_their_pages() -> None:
    assert page(clips=catalogue(0)) == []
    assert len(page(clips=catalogue(1))) == 1
    assert len(page(clips=catalogue(3, known=False), asked=Wishes(chips=(chip("cat"),)))) == 3


def test_a_clip_kept_for_a_later_place_is_not_shown_twice_when_nothing_else_is_left() -> None:
    few = catalogue(25, authors=4)
    for seed in range(150):
        assert len(set(numbers_of(page(clips=few, seed=seed)))) == len(few)


def test_every_parameter_is_described_with_its_unit() -> None:
    told = described_parameters()
    assert {one.name for one in told} == set(Parameters.__dataclass_fields__)
    assert all(one.unit and one.meaning.endswith(".") for one in told)
