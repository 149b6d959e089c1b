"""The small world in which all is known of what a ranking loses."""

from dataclasses import replace

import numpy as np

from feed.ranking.parameters import PARAMETERS
from feed.ranking.simulation import Setting, cold, regret, run, without_chance, world

SMALL = Setting(viewers=300, clips=60, present=20, authors=40, pages=300)
QUICK = replace(PARAMETERS, first_impressions=5, exploring_until=100)
TASTES = replace(SMALL, viewers=30, clips=300, present=300, base=-2.5, fitting=4.0, pages=400)


def test_every_clip_has_its_first_impressions() -> None:
    ours, compared = regret(world(SMALL, seed=0), seed=0, parameters=QUICK)
    assert ours.impressions.min() >= QUICK.first_impressions
    assert 0 < compared.ours < 1


def test_the_same_seed_gives_the_same_run() -> None:
    one, other = (run(world(SMALL, seed=1), seed=1, parameters=QUICK) for _ in range(2))
    assert one.regret == other.regret
    assert np.array_equal(one.impressions, other.impressions)


def test_clips_nobody_has_seen_find_their_viewers_by_what_they_are_about() -> None:
    true = world(TASTES, seed=0)
    end = run(true, seed=0, parameters=replace(without_chance(PARAMETERS), first_impressions=0))
    assert cold(true, end, seed=0).ratio > 2
