"""Picks as columns and as the rows of bytes that lists and notes keep."""

from dataclasses import replace

import numpy as np
import orjson
import pytest

from feed.ranking.picks import CHANCES, Picks, no_picks
from feed.ranking.recommending import recommend
from feed.ranking.viewers import Likings, Meeting, Meetings, ViewerState, Wishes
from feed.serving.entries import WIDTH, clips_in, entries_of, numbers_in
from feed.serving.notes import packed, unpacked
from tests.feed.worlds import NOW, TOPICS, catalogue, chip

CLIPS = catalogue(120)


def ranked(*, wishes: Wishes | None = None, count: int = 30) -> Picks:
    viewer = ViewerState(
        meetings=Meetings.of([Meeting(int(CLIPS.numbers[3]), NOW - 60, 0.9)]),
        followed=frozenset({int(CLIPS.authors[0])}),
        authors=Likings.of({int(CLIPS.authors[1]): -0.5}),
    )
    responses = CLIPS.responses * (np.arange(120) % 3 > 0)[:, np.newaxis]
    return recommend(
        replace(CLIPS, responses=responses.astype(np.float32)),
        None,
        viewer,
        wishes or Wishes(),
        count=count,
        now=NOW,
        random=np.random.default_rng(0),
    )


def test_rows_of_bytes_say_what_the_picks_said() -> None:
    picks = ranked(wishes=Wishes(chips=(chip(TOPICS[0], 1.0), chip(TOPICS[1], -1.0))))
    names, width, data = packed(picks)
    assert len(data) == width * len(picks)
    again = unpacked(orjson.loads(names), data)
    assert list(again) == list(picks)
    assert list(unpacked(orjson.loads(names), data[5 * width : 7 * width])) == list(picks)[5:7]


def test_a_pick_names_the_chance_that_gave_it_its_place_and_no_source_that_added_nothing() -> None:
    picks = list(ranked())
    by_chance = [pick for pick in picks if pick.is_exploration]
    assert by_chance
    for pick in picks:
        named = set(pick.sources) & set(CHANCES)
        assert len(named) == pick.is_exploration
        assert all(points > 0 for name, points in pick.sources.items() if name not in named)
        assert (pick.propensity < 1) == pick.is_exploration


def test_of_two_lists_behind_each_other_each_keeps_what_it_said() -> None:
    plain, wished = ranked(), ranked(wishes=Wishes(chips=(chip(TOPICS[0], 1.0),)))
    both = plain.followed_by(wished)
    assert [one.number for one in both] == [one.number for one in (*plain, *wished)]
    assert [one.sources for one in both] == [one.sources for one in (*plain, *wished)]
    assert list(plain.followed_by(no_picks())) == list(plain)
    assert not list(no_picks())


def test_entries_say_which_clips_they_are() -> None:
    numbers = CLIPS.numbers[[7, 3, 119]]
    entries = entries_of(CLIPS, numbers)
    assert len(entries) == 3 * WIDTH
    assert set(numbers_in(entries)) == set(numbers.tolist())
    assert [clip for clip, _ in clips_in(entries)] == [CLIPS.ids[row] for row in (7, 3, 119)]
    assert entries_of(CLIPS, numbers[:0]) == b""
    assert not numbers_in(b"")
    with pytest.raises(ValueError, match="cannot reshape"):
        numbers_in(entries[:-1])
