"""The walks people take, in a real browser."""

from pathlib import Path

import pytest
from django.utils import timezone
from PIL import Image
from pytest_django.fixtures import Settings

from accounts.models import Role, User
from accounts.services import open_account
from common.ids import public_id
from generation.models import InputPicture, Job
from generation.orders import Order
from generation.services import request_generation
from social.models.comments import Comment
from social.models.likes import Like
from social.models.people import Follow
from tests.browser.conftest import PASSWORD, Watched
from tests.browser.films import make_film

PLAYING = "(video) => !video.paused && video.currentTime > 0"


@pytest.fixture
def author(transactional_db: None) -> User:
    return open_account("nova", email="nova@example.org", password=PASSWORD, role=Role.CREATOR)


@pytest.fixture
def person(transactional_db: None) -> User:
    return open_account("mira", email="mira@example.org", password=PASSWORD, role=Role.CREATOR)


def test_signing_up_leads_to_an_empty_house_and_an_order(
    transactional_db: None, watched: Watched
) -> None:
    page = watched.page
    watched.open("/")
    page.get_by_role("heading", name="It is quiet here").wait_for()
    page.get_by_role("link", name="Log in").click()
    page.get_by_role("link", name="Open an account").click()
    page.fill("[name=email]", "hana@example.org")
    page.fill("[name=username]", "Hana")
    page.fill("[name=password1]", PASSWORD)
    page.fill("[name=birth_year]", "1990")
    page.get_by_role("button", name="Sign up").click()
    page.wait_for_url(watched.url + "/")

    page.get_by_role("link", name="Create", exact=True).click()
    page.get_by_role("button", name="Make it").click()
    page.get_by_text("This field is required.").wait_for()
    watched.expect_refusal()
    page.get_by_role("button", name="fox").click()
    page.get_by_role("button", name="in the snow").click()
    assert page.input_value("#id_prompt") == "fox in the snow"
    page.get_by_role("button", name="Surprise me").click()
    page.get_by_label("Post it when it is finished").uncheck()
    assert page.get_by_label("Caption").is_hidden()
    page.get_by_role("button", name="Make it").click()
    page.get_by_role("heading", name="Dreaming…").wait_for()
    assert Job.objects.get().owner.handle == "hana"

    page.once("dialog", lambda dialog: dialog.accept())
    page.get_by_role("button", name="Stop").click()
    page.get_by_role("heading", name="Nothing dreamt up yet").wait_for()
    page.get_by_text("The video is deleted.").wait_for()


def test_the_feed_is_moved_by_keys(person: User, author: User, watched: Watched) -> None:
    clips = [make_film(author, caption=f"Clip {number}") for number in range(8)]
    page = watched.page
    watched.log_in("mira")
    watched.open("/latest")
    first, second = page.locator(".reel").nth(0), page.locator(".reel").nth(1)
    video = first.locator("video").element_handle()
    page.wait_for_function(PLAYING, arg=video)
    page.keyboard.press("Space")
    page.wait_for_function("(video) => video.paused", arg=video)
    page.keyboard.press("Space")
    page.wait_for_function(PLAYING, arg=video)

    page.keyboard.press("l")
    first.locator("[data-like][aria-pressed=true]").wait_for()
    assert Like.objects.get(user=person).clip == clips[-1]
    page.keyboard.press("l")
    first.locator("[data-like][aria-pressed=false]").wait_for()

    page.keyboard.press("m")
    assert page.evaluate("(video) => video.muted", video) is False
    page.keyboard.press("j")
    page.wait_for_function(PLAYING, arg=second.locator("video").element_handle())
    assert page.evaluate("(video) => video.paused", video) is True
    page.keyboard.press("k")
    page.wait_for_function(PLAYING, arg=video)

    for _ in range(7):
        page.keyboard.press("ArrowDown")
        page.wait_for_timeout(600)
    page.get_by_text("Clip 0").wait_for()
    assert page.locator(".reel").count() == 8


def test_following_and_talking_in_the_feed(person: User, author: User, watched: Watched) -> None:
    make_film(author)
    page = watched.page
    watched.log_in("mira")
    page.get_by_role("button", name="Follow @nova").click()
    page.get_by_role("button", name="Follow @nova").wait_for(state="detached")
    assert Follow.objects.filter(follower=person, followee=author).exists()

    page.keyboard.press("c")
    page.get_by_role("dialog").get_by_label("Your comment").fill("Lovely ☀️")
    page.get_by_role("dialog").get_by_role("button", name="Post").click()
    page.get_by_role("dialog").get_by_text("Lovely ☀️").wait_for()
    assert Comment.objects.get().author == person
    page.keyboard.press("Escape")
    page.get_by_role("dialog").wait_for(state="hidden")


def test_a_job_is_followed_live_and_survives_a_reload(person: User, watched: Watched) -> None:
    job = request_generation(person, Order(prompt="a red car at night"), now=timezone.now())
    page = watched.page
    watched.log_in("mira")
    watched.open(f"/create/{public_id('video', job.pk)}")
    page.get_by_text("Next in line").wait_for()
    Job.objects.update(state="in_progress", progress=40)
    page.get_by_text("40 %").first.wait_for()
    page.get_by_text("Taken from the line").wait_for()
    page.reload()
    page.get_by_text("40 %").first.wait_for()
    Job.objects.update(state="failed", error_code="engine_error", error_message="Out of paint.")
    page.get_by_text("Out of paint.").wait_for()
    page.get_by_role("heading", name="That did not work").wait_for()


def test_a_chosen_picture_is_shown_and_can_be_left_out(
    person: User, watched: Watched, tmp_path: Path
) -> None:
    chosen = tmp_path / "red.png"
    Image.new("RGB", (60, 40), "red").save(chosen)
    page = watched.page
    watched.log_in("mira")
    watched.open("/create")
    shown = page.get_by_alt_text("The picture you chose")
    assert shown.is_hidden()
    page.get_by_label("Begin with a picture").set_input_files(chosen)
    shown.wait_for()
    assert shown.evaluate("image => image.decode().then(() => image.naturalWidth)") == 60
    page.get_by_role("button", name="Begin without it").click()
    shown.wait_for(state="hidden")
    page.get_by_label("Begin with a picture").set_input_files(chosen)
    page.get_by_label("Your sentence").fill("a red car")
    page.get_by_role("button", name="Make it").click()
    page.get_by_text("begins with a picture").wait_for()
    assert InputPicture.objects.get().job == Job.objects.get(owner=person)


def test_pages_fit_the_screen(person: User, author: User, watched: Watched) -> None:
    clip = make_film(author, caption="w" * 200)
    watched.log_in("mira")
    for path in ("/", "/create", "/studio", "/settings", "/about", "/@nova", f"/clips/{clip.pk}"):
        watched.open(path)
        widths = watched.page.evaluate("[document.documentElement.scrollWidth, innerWidth]")
        assert widths[0] <= widths[1], path


def test_reduced_motion_starts_nothing(author: User, watched: Watched) -> None:
    make_film(author)
    watched.page.emulate_media(reduced_motion="reduce")
    watched.open("/")
    watched.page.locator(".reel.paused").wait_for()
    assert watched.page.evaluate("document.querySelector('video').paused") is True


def test_the_records_keep_to_the_policy(author: User, watched: Watched, settings: Settings) -> None:
    settings.ADMIN_SECOND_FACTOR = False
    make_film(author)
    open_account("alex", email="a@example.org", password=PASSWORD, role=Role.ADMIN)
    watched.log_in("alex")
    for path in ("/admin/", "/admin/moderation/decision/"):
        watched.open(path)
        assert "Reverie" in watched.page.title()
