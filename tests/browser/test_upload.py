"""Uploading a clip in a real browser."""

from pathlib import Path

import pytest
from django.utils import timezone

from accounts.models import Role, User
from accounts.services import open_account
from clips.models import Clip
from moderation.screening import screen_clip
from tests.browser.conftest import PASSWORD, Watched
from tests.uploads.films import film
from uploads.models import Upload
from uploads.processing.processing import process


@pytest.fixture
def person(transactional_db: None) -> User:
    return open_account("mira", email="mira@example.org", password=PASSWORD, role=Role.CREATOR)


def test_a_file_is_sent_followed_and_shown(watched: Watched, person: User, tmp_path: Path) -> None:
    page = watched.page
    watched.log_in("mira")
    watched.open("/create")
    page.get_by_role("link", name="upload a clip of your own").click()
    page.set_input_files("[name=file]", film(tmp_path / "sea.mp4", seconds=2))
    page.get_by_role("button", name="Upload it").click()
    page.get_by_text("Say whether it was made or changed with AI.").wait_for()
    assert page.get_by_label("With which tool").is_hidden()
    page.get_by_label("Yes, all of it or a part").check()
    page.get_by_label("With which tool").fill("Dream 2")
    page.get_by_label("Caption").fill("By the sea")
    page.get_by_role("button", name="Upload it").click()
    page.get_by_role("heading", name="On its way").wait_for()

    process(Upload.objects.get().pk)
    screen_clip(Clip.objects.get().pk, clock=timezone.now)
    page.get_by_role("heading", name="Here it is").wait_for()
    page.get_by_text("Made or changed with AI: you say so").wait_for()
    page.get_by_role("link", name="See").first.click()
    page.get_by_role("heading", name="By the sea").wait_for()
    page.get_by_role("heading", name="Made or changed with AI").wait_for()
    playing = "(video) => video.play().then(() => video.readyState >= 2)"
    assert page.eval_on_selector("video", playing)


def test_what_is_no_video_is_refused_beside_the_field(
    watched: Watched, person: User, tmp_path: Path
) -> None:
    page = watched.page
    watched.log_in("mira")
    watched.open("/upload")
    letter = tmp_path / "letter.mp4"
    letter.write_text("Dear Sir or Madam")
    page.set_input_files("[name=file]", letter)
    page.get_by_label("No", exact=True).check()
    watched.expect_refusal()
    page.get_by_role("button", name="Upload it").click()
    page.get_by_text("Send an MP4, a MOV or a WebM file.").wait_for()
    assert page.get_by_role("button", name="Upload it").is_enabled()
