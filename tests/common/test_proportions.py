"""Shares, intervals and agreement, checked against other people's numbers."""

import pytest

from common.proportions import kappa, proportion


def test_wilsons_interval_is_the_published_one() -> None:
    # Newcombe 1998, table I: 81 of 263 and 0 of 20.
    some, none = proportion(81, 263), proportion(0, 20)
    assert (some.low, some.high) == pytest.approx((0.2553, 0.3662), abs=1e-4)
    assert (none.low, none.high) == pytest.approx((0.0, 0.1611), abs=1e-4)
    assert proportion(0, 0).share is None


def test_kappa_is_the_textbooks() -> None:
    # https://en.wikipedia.org/wiki/Cohen%27s_kappa, simple example: 0.4.
    pairs = [("y", "y")] * 20 + [("y", "n")] * 5 + [("n", "y")] * 10 + [("n", "n")] * 15
    assert kappa(pairs) == pytest.approx(0.4)
    assert kappa([("a", "a"), ("b", "b")]) == 1.0
    assert kappa([("a", "b"), ("b", "a")]) == -1.0
    assert kappa([]) is None
    assert kappa([("a", "a")]) is None
