"""What pages say of a viewer: what was seen, watched, looped and skipped, and nothing twice."""

import time
from collections.abc import Callable

import pytest
from django.utils import timezone

from accounts.models import Role, User
from accounts.services import open_account
from feed.models.events import FeedEvent
from feed.models.wishes import FeedSettings
from feed.serving.viewers import viewer_state
from social.models.views import View
from tests.browser.conftest import PASSWORD, Watched
from tests.browser.films import make_film
from tests.people import make_user

PATIENCE_SECONDS = 10.0
KEPT = "Object.keys(localStorage).filter((key) => key.startsWith('reverie-events')).length"
PLAYED = "(video) => video.currentTime > 1.85"
PLAYING = "(video) => !video.paused && video.currentTime > 0"


@pytest.fixture
def viewer(transactional_db: None) -> User:
    return open_account("mira", email="mira@example.org", password=PASSWORD, role=Role.CREATOR)


def told(viewer: User | None) -> list[str]:
    events = FeedEvent.objects.filter(viewer=viewer).order_by("action")
    return list(events.values_list("action", flat=True))


def becomes(is_so: Callable[[], bool]) -> bool:
    """Whether it is so before long."""
    until = time.monotonic() + PATIENCE_SECONDS
    while not is_so() and time.monotonic() < until:
        time.sleep(0.1)
    return is_so()


def test_the_feed_says_what_was_seen_looped_and_skipped(viewer: User, watched: Watched) -> None:
    third, second, first = (make_film(make_user()) for _ in range(3))
    page = watched.page
    watched.log_in("mira")
    watched.open("/latest")
    videos = [page.locator(".reel video").nth(place).element_handle() for place in range(3)]
    page.wait_for_function(PLAYING, arg=videos[0])
    assert [page.evaluate("(video) => video.preload", one) for one in videos] == ["auto"] * 3
    page.wait_for_timeout(4600)
    # However slow this machine is, little of it is watched.
    page.evaluate("(video) => { video.playbackRate = 0.1 }", videos[1])
    page.keyboard.press("j")
    page.wait_for_function(PLAYING, arg=videos[1])
    page.wait_for_timeout(500)
    page.keyboard.press("j")
    page.wait_for_function(PLAYING, arg=videos[2])

    expected = {("impression", first.pk), ("watch", first.pk), ("skip", second.pk)}
    expected.add(("impression", third.pk))
    events = FeedEvent.objects.filter(viewer=viewer)
    becomes(lambda: expected <= set(events.values_list("action", "clip")))
    assert expected - set(events.values_list("action", "clip")) == set()
    watch = FeedEvent.objects.get(action="watch")
    assert watch.clip == first
    assert watch.is_completed
    assert watch.loops >= 1
    assert 4 < watch.watched_seconds < 7
    assert FeedEvent.objects.get(action="skip").clip == second
    assert View.objects.get().clip == first
    met = {one.number: one.strength for one in viewer_state(viewer, now=timezone.now()).meetings}
    assert met[first.entry.number] > 0 > met[second.entry.number]
    assert met[third.entry.number] == 0
    assert watched.complaints == []


def test_what_was_watched_offline_is_told_later_and_once(viewer: User, watched: Watched) -> None:
    for _ in range(2):
        make_film(make_user())
    page = watched.page
    watched.log_in("mira")
    watched.open("/latest")
    video = page.locator(".reel video").nth(0).element_handle()
    page.wait_for_function(PLAYED, arg=video)
    assert becomes(lambda: told(viewer) == ["impression"])
    page.context.set_offline(True)
    page.keyboard.press("j")
    page.wait_for_timeout(1500)
    assert page.evaluate(KEPT) == 1
    assert "watch" not in told(viewer)

    page.context.set_offline(False)
    assert becomes(lambda: "watch" in told(viewer))
    page.wait_for_timeout(1000)
    assert told(viewer).count("watch") == View.objects.count() == 1
    assert page.evaluate(KEPT) == 0
    assert all("INTERNET_DISCONNECTED" in one for one in watched.complaints)
    watched.complaints.clear()


def test_the_last_clip_is_told_when_the_page_goes_and_counts_once(
    viewer: User, watched: Watched
) -> None:
    clip = make_film(make_user())
    page = watched.page
    watched.log_in("mira")
    watched.open(f"/clips/{clip.pk}")
    video = page.locator("video").element_handle()
    page.evaluate("(video) => { video.muted = true; video.play(); }", video)
    page.wait_for_function(PLAYED, arg=video)
    page.goto("about:blank")
    assert becomes(lambda: told(viewer) == ["impression", "watch"])

    watched.open("/policy")
    assert becomes(lambda: page.evaluate(KEPT) == 0)
    assert told(viewer) == ["impression", "watch"]
    assert View.objects.get().viewer == viewer


@pytest.mark.parametrize("is_known", [True, False], ids=["not profiled", "visitor"])
def test_who_is_not_profiled_is_counted_and_not_named(
    viewer: User,
    watched: Watched,
    is_known: bool,  # noqa: FBT001 - a parameter
) -> None:
    clip = make_film(make_user())
    FeedSettings.objects.create(user=viewer, is_profiled=False)
    if is_known:
        watched.log_in("mira")
    watched.open("/latest")
    watched.page.wait_for_function(
        PLAYED, arg=watched.page.locator(".reel video").nth(0).element_handle()
    )
    watched.page.goto("about:blank")

    assert becomes(lambda: View.objects.filter(clip=clip, viewer=None).count() == 1)
    assert told(viewer) == []
    assert told(None) == (["impression", "watch"] if is_known else [])
