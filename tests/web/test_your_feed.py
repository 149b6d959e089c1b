"""One's own feed on the pages: steered, explained, set, exported, and at rest."""

from datetime import UTC, datetime, time
from typing import Any

import pytest
from django.test import Client
from django.utils import timezone

from accounts.models import User
from feed.models.events import FeedEvent
from feed.models.wishes import FeedSettings, SteeringChip, TopicAmount
from feed.serving.wishes import wishes_of
from tests.people import browser_of, make_clip, make_user

pytestmark = pytest.mark.django_db(transaction=True)

HTMX = {"HX-Request": "true"}
SETTINGS = "/settings/feed"
YOUNG = timezone.now().year - 15


@pytest.fixture
def viewer() -> User:
    return make_user(birth_year=1980)


@pytest.fixture
def browser(viewer: User) -> Client:
    return browser_of(viewer)


def form(**changed: Any) -> dict[str, Any]:
    """The form of the settings as the page sends it."""
    sent = {
        "is_profiled": "on",
        "plays_by_itself": "on",
        "amount_generated": "1",
        "amount_declared": "1",
        "amount_suspected": "1",
        "amount_none": "1",
        "daily_minutes": "",
        "session_minutes": "",
        "break_from": "",
        "break_to": "",
        "time_zone": "",
    }
    return {name: value for name, value in (sent | changed).items() if value is not None}


@pytest.mark.parametrize("path", ["/", "/latest", "/trending", "/unprofiled", "/following"])
def test_every_mode_is_a_tab_for_people_and_visitors(browser: Client, path: str) -> None:
    make_clip(make_user(), caption="a fox in the rain")
    for client in (browser, Client()):
        page = client.get(path)
        assert page.status_code == 200
        text = page.content.decode()
        for title in ("For you", "Following", "Latest", "Trending", "Without profiling"):
            assert title in text
    assert ("steer-text" in browser.get(path).content.decode()) == (path in {"/", "/unprofiled"})
    assert "steer-text" not in Client().get(path).content.decode()


def test_words_steer_from_the_page_and_are_taken_back(browser: Client, viewer: User) -> None:
    answer = browser.post("/feed/steer", {"text": "more rain, no horror"}, headers=HTMX)
    assert answer.status_code == 200
    assert "reverie:steered" in answer.headers["HX-Trigger-After-Settle"]
    assert "rain" in answer.content.decode()
    chips = list(SteeringChip.objects.order_by("text"))
    assert [(chip.text, chip.strength) for chip in chips] == [("horror", -1.0), ("rain", 1.0)]
    refused = browser.post("/feed/steer", {"text": "more, no"}, headers=HTMX)
    assert refused.status_code == 422
    assert "Say what you want" in refused.content.decode()
    dropped = browser.post(f"/feed/steer/{chips[0].pk}/drop", {"next": "/unprofiled"})
    assert (dropped.status_code, dropped.headers["Location"]) == (302, "/unprofiled")
    away = browser.post("/feed/steer", {"text": "cats", "next": "//evil.example/"})
    assert away.headers["Location"] == "/"
    assert {chip.text for chip in wishes_of(viewer, now=timezone.now()).chips} == {"rain", "cats"}


def test_every_clip_in_the_feed_says_why_and_can_be_sent_away(
    browser: Client, viewer: User
) -> None:
    author = make_user()
    clip = make_clip(author)
    address = f"/clips/{clip.pk}"
    assert f'hx-get="{address}/why"' in browser.get("/latest").content.decode()
    for client in (browser, Client()):
        for headers in ({}, HTMX):
            assert client.get(f"{address}/why", headers=headers).status_code == 200
    told = browser.post(f"{address}/not-interested", headers=HTMX)
    assert "reverie:told" in told.headers["HX-Trigger"]
    assert FeedEvent.objects.get(viewer=viewer).action == "not_interested"
    assert browser.post(f"{address}/hide-creator").status_code == 302
    assert len(wishes_of(viewer, now=timezone.now()).hidden_authors) == 1
    assert Client().post(f"{address}/not-interested").status_code == 302
    unseen = make_clip(author, published=False)
    for act in ("not-interested", "hide-creator"):
        assert browser.post(f"/clips/{unseen.pk}/{act}").status_code == 404
    assert browser.get(f"/clips/{unseen.pk}/why").status_code == 404


def test_the_settings_are_one_page_and_count_at_once(browser: Client, viewer: User) -> None:
    assert browser.get(SETTINGS).status_code == 200
    sent = form(
        is_profiled=None, amount_generated="0.3", amount_suspected="0", session_minutes="30"
    )
    assert browser.post(SETTINGS, sent).status_code == 302
    wishes = wishes_of(viewer, now=timezone.now())
    assert not wishes.is_profiled
    assert wishes.provenance == {"generated": 0.3, "suspected": 0.0}
    assert FeedSettings.objects.get().session_minutes == 30
    refused = browser.post(SETTINGS, form(break_from="22:00"))
    assert refused.status_code == 400
    assert "a beginning and an end" in refused.content.decode()
    assert browser.post(SETTINGS, form(amount_none="7")).status_code == 422


def test_words_topics_and_creators_are_set_on_the_page(browser: Client, viewer: User) -> None:
    creator = make_user()
    assert browser.post(f"{SETTINGS}/mute", {"word": "Dogs"}).status_code == 302
    topic = browser.post(f"{SETTINGS}/topics", {"topic": "portraits", "amount": "0"})
    assert topic.status_code == 302
    browser.post(f"/clips/{make_clip(creator).pk}/hide-creator")
    page = browser.get(SETTINGS).content.decode()
    for said in ("dogs", "portraits", creator.handle):
        assert said in page
    assert browser.post(f"{SETTINGS}/mute", {"word": "!"}).status_code == 400
    assert browser.post(f"{SETTINGS}/topics", {"topic": "", "amount": "0"}).status_code == 422
    browser.post(f"{SETTINGS}/unmute", {"word": "dogs"})
    browser.post(f"{SETTINGS}/topics/{TopicAmount.objects.get(user=viewer).pk}/drop")
    browser.post(f"{SETTINGS}/hidden/{creator.handle}/show")
    wishes = wishes_of(viewer, now=timezone.now())
    assert not wishes.muted_words
    assert not wishes.ai_by_topic
    assert not wishes.hidden_authors


def test_minors_are_told_what_is_fixed_and_can_not_change_it() -> None:
    minor = make_user(birth_year=YOUNG)
    browser = browser_of(minor)
    page = browser.get(SETTINGS).content.decode()
    assert "Nobody under 18 is profiled here." in page
    assert browser.post(SETTINGS, form(daily_minutes="45")).status_code == 302
    assert not wishes_of(minor, now=timezone.now()).is_profiled
    assert browser.post(SETTINGS, form(daily_minutes="240")).status_code == 422


def test_the_profile_is_taken_along_and_forgotten(browser: Client, viewer: User) -> None:
    clip = make_clip(make_user())
    browser.post(f"/clips/{clip.pk}/not-interested")
    browser.post("/feed/steer", {"text": "rain"})
    export = browser.get(f"{SETTINGS}/export")
    assert "attachment" in export.headers["Content-Disposition"]
    kept = export.json()
    assert [one["action"] for one in kept["events"]] == ["not_interested"]
    assert kept["told"]["steering"][0]["text"] == "rain"
    assert browser.post(f"{SETTINGS}/reset").status_code == 302
    assert browser.get(f"{SETTINGS}/export").json()["events"] == []
    assert browser.get(f"{SETTINGS}/reset").status_code == 405
    assert Client().get(f"{SETTINGS}/export").status_code == 302


def test_autoplay_is_obeyed(browser: Client, viewer: User) -> None:
    make_clip(make_user())
    assert "data-waits" not in browser.get("/latest").content.decode()
    browser.post(SETTINGS, form(plays_by_itself=None))
    assert "data-waits" in browser.get("/latest").content.decode()
    FeedSettings.objects.all().delete()
    minor = browser_of(make_user(birth_year=timezone.now().year - 15))
    noon = FeedSettings.objects.create(user_id=minor.session["_auth_user_id"], time_zone=_by_day())
    assert noon.time_zone
    assert "data-waits" in minor.get("/latest").content.decode()


def _by_day() -> str:
    """A time zone in which it is about noon."""
    hours = (12 - datetime.now(UTC).hour) % 24
    return f"Etc/GMT{-hours:+d}" if hours <= 12 else f"Etc/GMT+{24 - hours}"


def test_the_feed_rests_with_a_friendly_page_and_all_else_goes_on(
    browser: Client, viewer: User
) -> None:
    make_clip(make_user())
    now = timezone.now()
    FeedSettings.objects.create(
        user=viewer,
        break_from=time(now.hour),
        break_to=time((now.hour + 2) % 24),
        time_zone="UTC",
    )
    for path in ("/", "/latest", "/trending", "/unprofiled", "/following"):
        page = browser.get(path)
        assert page.status_code == 403
        assert "Good night" in page.content.decode()
        fragment = browser.get(path, {"cursor": "x"}, headers=HTMX)
        assert fragment.headers["HX-Redirect"] == path
    answer = browser.get("/api/v1/feed").json()
    assert (answer["status"], answer["code"]) == (403, "break_time")
    assert answer["ends_at"].startswith(f"{now.date() if now.hour < 22 else ''}")
    for path in ("/studio", "/settings", SETTINGS, f"/@{viewer.handle}"):
        assert browser.get(path).status_code == 200
    browser.post(SETTINGS, form())
    assert browser.get("/").status_code == 200


def test_how_clips_are_ranked_is_public_and_complete() -> None:
    page = Client().get("/transparency/ranking")
    assert page.status_code == 200
    text = page.content.decode()
    assert "steering_weight" in text
    assert "never used" in text
