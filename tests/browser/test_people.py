"""People and each other's clips, in a real browser: answer, save, be told, block."""

import pytest
from django.utils import timezone

from accounts.models import Role, User
from accounts.services import open_account
from clips.models import Clip
from social.models.comments import Comment
from social.models.people import Block
from social.models.saving import SavedClip
from social.services.commenting import add_comment
from tests.browser.conftest import PASSWORD, Watched
from tests.browser.films import make_film


@pytest.fixture
def nova(transactional_db: None) -> User:
    return open_account("nova", email="nova@example.org", password=PASSWORD, role=Role.CREATOR)


@pytest.fixture
def mira(transactional_db: None) -> User:
    return open_account("mira", email="mira@example.org", password=PASSWORD, role=Role.CREATOR)


@pytest.fixture
def clip(nova: User) -> Clip:
    return make_film(nova, caption="Calm, for @mira")


def test_a_comment_is_answered_in_the_sheet(
    clip: Clip, nova: User, mira: User, watched: Watched
) -> None:
    thread = add_comment(nova, clip.pk, text="what do you see?", now=timezone.now())
    page = watched.page
    watched.log_in("mira")
    watched.open("/latest")
    page.locator("[data-comments]").click()
    sheet = page.locator("#sheet")
    sheet.get_by_text("what do you see?").wait_for()
    sheet.locator(".answer summary").press("Enter")
    sheet.locator(".answer textarea").fill("a red fox, @nova")
    sheet.get_by_role("button", name="Reply").click()
    link = sheet.locator(".replies a.mention")
    link.wait_for()
    assert link.get_attribute("href") == "/@nova"
    assert Comment.objects.get(reply_to=thread).author == mira

    watched.open("/latest")
    page.locator("[data-comments]").click()
    sheet.get_by_text("Show the reply").click()
    sheet.get_by_text("a red fox").wait_for()


def test_a_clip_is_saved_from_the_feed_and_found_again(
    clip: Clip, mira: User, watched: Watched
) -> None:
    page = watched.page
    watched.log_in("mira")
    watched.open("/latest")
    save = page.locator("[data-save]")
    save.click()
    page.locator("[data-save][aria-pressed=true]").wait_for()
    assert SavedClip.objects.filter(user=mira, clip=clip).exists()
    watched.open("/saved")
    assert page.locator(".tile").count() == 1
    page.locator(".tile").click()
    page.get_by_role("link", name="Collections").click()
    page.fill("[name=title]", "Calm things")
    page.get_by_role("button", name="Make it, with this clip").click()
    page.get_by_role("button", name="In it").wait_for()


def test_news_is_marked_as_read_by_looking_at_it(
    clip: Clip, nova: User, mira: User, watched: Watched
) -> None:
    add_comment(mira, clip.pk, text="so calm", now=timezone.now())
    page = watched.page
    watched.log_in("nova")
    page.locator("#unread .count").wait_for()
    watched.open("/notifications")
    page.get_by_text("commented on your clip").wait_for()
    page.locator("#unread .count").wait_for(state="detached")
    page.get_by_text("commented on your clip").click()
    page.get_by_text("so calm").wait_for()


def test_a_block_is_two_presses_and_taken_back_by_one(
    clip: Clip, mira: User, watched: Watched
) -> None:
    page = watched.page
    page.on("dialog", lambda dialog: dialog.accept())
    watched.log_in("mira")
    watched.open("/@nova")
    page.locator(".menu summary").press("Enter")
    page.get_by_role("button", name="Block").click()
    page.get_by_text("You blocked @nova").wait_for()
    assert Block.objects.filter(blocker=mira).exists()
    page.get_by_role("button", name="Unblock").click()
    page.locator(".menu summary").wait_for()
    assert not Block.objects.exists()
