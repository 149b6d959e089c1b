"""The feed in a person's hands: steered, asked why, cleared, and waiting to be started."""

import pytest
from django.utils import timezone

from accounts.models import Role, User
from accounts.services import open_account
from feed.distribution.cataloguing import write_catalogue
from feed.distribution.entering import give_meanings
from feed.distribution.served import write_served
from feed.models.wishes import SteeringChip
from feed.serving.catalogues import loaded_catalogue
from tests.browser.conftest import PASSWORD, Watched
from tests.browser.films import make_film

PLAYING = "() => [...document.querySelectorAll('video')].some((one) => !one.paused)"


def person(handle: str) -> User:
    email = f"{handle}@example.org"
    return open_account(handle, email=email, password=PASSWORD, role=Role.CREATOR, birth_year=1980)


@pytest.fixture
def mia(transactional_db: None) -> User:
    """Somebody who has a feed of eight clips by four people."""
    for number in range(8):
        maker = person(f"maker{number}") if number < 4 else User.objects.get(handle="maker3")
        caption = f"Rain over the hills {number}" if number % 2 else f"A calm fox {number}"
        make_film(maker, caption=caption)
    give_meanings()
    write_catalogue(now=timezone.now())
    loaded_catalogue().look()
    return person("mia")


def test_words_steer_the_feed_and_chips_are_taken_away(mia: User, watched: Watched) -> None:
    page = watched.page
    watched.log_in("mia")
    watched.expect_refusal()
    page.fill("#steer-text", "more, no")
    page.keyboard.press("Enter")
    page.locator("#steer-refusal").wait_for()
    page.fill("#steer-text", "more rain, no foxes")
    with page.expect_response(lambda one: one.url == f"{watched.url}/"):
        page.keyboard.press("Enter")
    page.get_by_role("button", name="Remove: no foxes").wait_for()
    page.get_by_text("Rain over the hills").first.wait_for()
    assert page.locator("#steer-text").input_value() == ""
    page.get_by_role("button", name="Remove: no foxes").click()
    page.get_by_role("button", name="Remove: no foxes").wait_for(state="detached")
    assert [chip.text for chip in SteeringChip.objects.all()] == ["rain"]


def test_a_clip_says_why_and_goes_with_all_of_its_maker(mia: User, watched: Watched) -> None:
    page = watched.page
    watched.log_in("mia")
    page.locator(".reel").first.wait_for()
    write_served()
    first = page.locator(".reel").first
    author = first.get_attribute("data-author")
    first.get_by_role("link", name="Why?").click()
    page.get_by_role("heading", name="Why this clip?").wait_for()
    page.get_by_text("It is new.").wait_for()
    page.get_by_role("button", name=f"Hide @{author}").click()
    page.locator("#sheet").wait_for(state="hidden")
    assert page.locator(f'.reel[data-author="{author}"]').count() == 0
    second = page.locator(".reel").first
    clip = second.get_attribute("data-clip")
    second.get_by_role("link", name="Why?").click()
    page.get_by_role("button", name="Not interested").click()
    page.locator(f'.reel[data-clip="{clip}"]').wait_for(state="detached")
    assert not page.locator("#sheet").is_visible()


def test_clips_wait_to_be_started_where_that_is_chosen(mia: User, watched: Watched) -> None:
    page = watched.page
    watched.log_in("mia")
    page.wait_for_function(PLAYING)
    watched.open("/settings/feed")
    page.get_by_label("Clips play by themselves").uncheck()
    page.get_by_role("button", name="Save").click()
    page.get_by_text("Saved.").wait_for()
    watched.open("/")
    page.locator(".reel").first.wait_for()
    page.wait_for_timeout(500)
    assert not page.evaluate(PLAYING)
    page.keyboard.press(" ")
    page.wait_for_function(PLAYING)
