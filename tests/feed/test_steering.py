"""A sentence changes the very next page, and taking it back restores it: measured over HTTP."""

import pytest

from bench.steering import publish_clips, steered_shares

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.slow]


def test_the_next_page_is_what_was_asked_for_and_the_one_after_is_not() -> None:
    about = publish_clips(300, authors=20, seed=1)
    shares = steered_shares(about, viewers=10, seed=1)
    before, steered, after = (shares[name] for name in ("before", "steered", "after"))
    assert before["refused"] > 0
    assert steered["wanted"] >= 3 * before["wanted"]
    assert steered["refused"] <= before["refused"] / 3
    assert after["wanted"] <= 2 * before["wanted"]
    assert after["refused"] >= before["refused"] / 3
