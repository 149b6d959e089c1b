"""What is blurred is not seen, and does not play, before somebody chooses to look."""

import pytest
from django.utils import timezone

from accounts.models import Role
from accounts.services import open_account
from clips.models import Clip, Limit
from moderation.enforcement.rulings import Content, Ruling, carry_out
from moderation.models.judging import Subject
from moderation.policy.rules import Outcome
from tests.browser.conftest import PASSWORD, Watched
from tests.browser.films import make_film

PLAYING = "(video) => !video.paused && video.currentTime > 0"
FILTER = "(video) => getComputedStyle(video).filter"


@pytest.fixture
def clip(transactional_db: None) -> Clip:
    nova = open_account("nova", email="nova@example.org", password=PASSWORD, role=Role.CREATOR)
    made = make_film(nova, caption="A hard day")
    ruling = Ruling(
        content=Content(Subject.CLIP, made.pk, made.digest, nova),
        outcome=Outcome.LIMIT,
        reason="The words mention blood or wounds.",
        policy_version="test",
        limits=frozenset({Limit.BLURRED}),
        labels=frozenset({"violence"}),
    )
    carry_out(ruling, clip=made, now=timezone.now())
    return made


@pytest.mark.parametrize("place", ["feed", "clip", "profile"])
def test_a_veil_hides_the_clip_until_it_is_lifted(clip: Clip, watched: Watched, place: str) -> None:
    page = watched.page
    watched.open({"feed": "/", "clip": f"/clips/{clip.pk}", "profile": "/@nova"}[place])
    if place == "profile":
        picture = page.locator(".tile.veiled img")
        picture.wait_for()
        assert "blur" in picture.evaluate(FILTER)
        return
    video = page.locator("video")
    page.get_by_text("Violence or injury").first.wait_for()
    page.wait_for_timeout(500)
    assert "blur" in video.evaluate(FILTER)
    assert not video.evaluate(PLAYING)
    page.keyboard.press(" ")
    page.wait_for_timeout(200)
    assert not video.evaluate(PLAYING)
    page.get_by_role("button", name="Show it").click()
    assert video.evaluate(FILTER) == "none"
    assert page.locator(".veil").count() == 0
    if place == "feed":
        page.wait_for_function(f"() => ({PLAYING})(document.querySelector('video'))")


def test_the_author_sees_it_plainly_and_reads_why(clip: Clip, watched: Watched) -> None:
    watched.log_in("nova")
    watched.open(f"/clips/{clip.pk}")
    watched.page.get_by_role("heading", name="Shown, within limits").wait_for()
    watched.page.get_by_text("The words mention blood or wounds.").wait_for()
    assert watched.page.locator(".veil").count() == 0
