"""The desk under a reviewer's fingers: keys alone, nothing clear unless held, one way back."""

from typing import Any

import pytest
from django.db import transaction
from django.utils import timezone
from pytest_django.fixtures import Settings

from accounts.models import Role, User
from accounts.services import open_account
from clips.models import Clip
from clips.states import HELD, PUBLISHED, REJECTED
from moderation.enforcement.queueing import Matter, open_item
from moderation.models.desk import ReviewItem, ReviewKind, ReviewOpinion
from moderation.models.judging import Subject
from tests.browser.conftest import PASSWORD, Watched
from tests.browser.films import make_film

FILTER = "getComputedStyle(document.querySelector('.veiled img')).filter"


@pytest.fixture(autouse=True)
def _open_desk(settings: Settings) -> None:
    settings.ADMIN_SECOND_FACTOR = False


@pytest.fixture
def held(db: None) -> list[Clip]:
    author = open_account("nova", email="n@example.org", password=PASSWORD, role=Role.CREATOR)
    clips = [make_film(author, caption=f"film {number}") for number in range(2)]
    for clip in clips:
        Clip.objects.filter(pk=clip.pk).update(state=HELD, allowed_digest="", published_at=None)
        matter = Matter(
            ReviewKind.CONTENT, Subject.CLIP, clip.pk, author, category="sexual", severity=2
        )
        with transaction.atomic():
            open_item(matter, now=timezone.now())
    return clips


@pytest.fixture
def alex(db: None) -> User:
    return open_account("alex", email="a@example.org", password=PASSWORD, role=Role.MODERATOR)


def typing_in(watched: Watched) -> str:
    return str(watched.page.evaluate("document.activeElement.name || ''"))


@pytest.fixture
def at_work(held: list[Clip], alex: User, watched: Watched) -> Watched:
    """Alex, who pressed `n` and has the first item before them."""
    watched.log_in("alex")
    watched.open("/desk")
    watched.page.keyboard.press("n")
    watched.page.get_by_role("heading", name="Your decision").wait_for()
    return watched


def test_nothing_is_clear_or_loud_unless_it_is_held(at_work: Watched) -> None:
    page = at_work.page
    assert "blur" in page.evaluate(FILTER)
    page.keyboard.down("v")
    assert "blur" not in page.evaluate(FILTER)
    page.keyboard.up("v")
    assert "blur" in page.evaluate(FILTER)
    page.locator(".veiled").first.hover()
    page.mouse.down()
    assert "blur" not in page.evaluate(FILTER)
    page.mouse.up()
    assert "blur" in page.evaluate(FILTER)
    state = page.evaluate("(({muted, paused}) => [muted, paused])(document.querySelector('video'))")
    assert state == [True, True]


def test_letters_are_letters_while_one_types(at_work: Watched) -> None:
    page = at_work.page
    page.keyboard.press("?")
    page.get_by_role("heading", name="Keys").wait_for()
    page.keyboard.press("a")
    page.keyboard.press("Escape")
    page.focus("#reason")
    page.keyboard.press("Control+End")
    page.keyboard.type(" area")
    assert page.input_value("#reason").endswith(" area")
    page.keyboard.press("Escape")
    page.keyboard.press("l")
    assert typing_in(at_work) == "limits"
    assert not ReviewOpinion.objects.exists()


def test_a_reviewer_works_with_keys_alone(at_work: Watched, settings: Settings) -> None:
    page = at_work.page
    page.keyboard.press("r")
    page.locator(".undo").wait_for()
    opinion = ReviewOpinion.objects.get()
    assert (opinion.outcome, opinion.category) == ("block", "sexual")
    assert opinion.reason

    page.keyboard.press("u")
    page.get_by_text("Taken back").wait_for()
    assert page.locator("[data-item]").count() == 1
    opinion.refresh_from_db()
    assert opinion.undone_at is not None

    settings.DESK_UNDO_SECONDS = 0
    page.keyboard.press("a")
    page.get_by_text("Noted.").wait_for()
    page.keyboard.press("r")
    page.get_by_text("Nothing more waits for you here.").wait_for()
    states = sorted(Clip.objects.values_list("state", flat=True))
    assert states == sorted([PUBLISHED, REJECTED])


def test_a_page_whose_claim_is_lost_decides_nothing(
    held: list[Clip], alex: User, watched: Watched, settings: Any
) -> None:
    settings.DESK_LEASE_SECONDS = 2
    watched.expect_refusal()
    watched.log_in("alex")
    watched.open("/desk")
    watched.page.keyboard.press("n")
    watched.page.get_by_role("heading", name="Your decision").wait_for()
    watched.page.wait_for_timeout(3000)
    assert ReviewItem.objects.filter(state="claimed").count() == 1
    ReviewItem.objects.filter(state="claimed").update(lease_token=held[0].pk)
    watched.page.get_by_text("not in your hands any more").wait_for()
    watched.page.keyboard.press("a")
    watched.page.wait_for_timeout(300)
    assert not ReviewOpinion.objects.exists()


def test_the_desks_pages_fit_the_screen(held: list[Clip], alex: User, watched: Watched) -> None:
    watched.log_in("alex")
    for path in ("/desk", "/desk/figures", "/desk/settings"):
        watched.open(path)
        _fits(watched)
    watched.open("/desk")
    watched.page.keyboard.press("n")
    watched.page.get_by_role("heading", name="Your decision").wait_for()
    _fits(watched)


def _fits(watched: Watched) -> None:
    widths = watched.page.evaluate("[document.documentElement.scrollWidth, innerWidth]")
    assert widths[0] <= widths[1], watched.page.url
