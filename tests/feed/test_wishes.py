"""What people tell the feed: over HTTP, and as the ranking is told it."""

from datetime import timedelta
from typing import Any

import numpy as np
import pytest
from django.contrib.auth.models import AnonymousUser
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from accounts.models import User
from feed.models.wishes import SteeringChip
from feed.ranking.catalogue import author_key
from feed.ranking.viewers import Wishes
from feed.serving.wishes import wishes_of
from language.minilm import minilm
from social.services.blocking import block, mute
from tests.people import make_user, program_of

pytestmark = pytest.mark.django_db(transaction=True)

STEERING, SETTINGS = "/api/v1/feed/steering", "/api/v1/feed/settings"
WORDS, HIDDEN = "/api/v1/feed/muted-words", "/api/v1/feed/hidden-creators"
TOPICS = "/api/v1/feed/topics"
OLD, YOUNG = 1980, timezone.now().year - 15


@pytest.fixture
def viewer() -> User:
    return make_user(birth_year=OLD)


@pytest.fixture
def program(viewer: User) -> Client:
    return program_of(viewer)


def told(viewer: User) -> Wishes:
    return wishes_of(viewer, now=timezone.now())


def post(client: Client, path: str, **body: Any) -> Any:
    return client.post(path, body, content_type="application/json")


def patch(client: Client, **body: Any) -> Any:
    return client.patch(SETTINGS, body, content_type="application/json")


def test_whom_i_hid_is_not_named_to_me_once_they_block_me(program: Client, viewer: User) -> None:
    creator = make_user()
    assert program.put(f"{HIDDEN}/{creator.handle}").status_code == 204
    for path in (HIDDEN, "/api/v1/feed/profile"):
        assert creator.handle in program.get(path).content.decode()
    block(creator, viewer.handle)
    for path in (HIDDEN, "/api/v1/feed/profile"):
        assert creator.handle not in program.get(path).content.decode()
    assert told(viewer).hidden_authors == {author_key(creator.pk)}


def test_a_sentence_becomes_chips_that_the_ranking_hears_of(program: Client, viewer: User) -> None:
    assert told(viewer).chips == ()
    answer = post(program, STEERING, text="more rainy anime and #jazz, no horror")
    assert answer.status_code == 201
    assert [(one["text"], one["strength"]) for one in answer.json()["data"]] == [
        ("rainy anime", 1.0),
        ("jazz", 1.0),
        ("horror", -1.0),
    ]
    first, second, third = told(viewer).chips
    assert (first.text, set(second.tags), third.strength) == ("rainy anime", {"jazz"}, -1.0)
    assert float(first.meaning @ minilm().embed(["rainy anime"])[0]) == pytest.approx(1, abs=1e-3)

    gone = program.delete(f"{STEERING}/{answer.json()['data'][0]['id']}")
    assert gone.status_code == 204
    assert [chip.text for chip in told(viewer).chips] == ["jazz", "horror"]
    assert program.delete(STEERING).status_code == 204
    assert told(viewer).chips == ()
    assert program.get(STEERING).json() == {"data": []}


def test_what_is_said_again_counts_anew_and_nothing_counts_for_ever(
    program: Client, viewer: User
) -> None:
    post(program, STEERING, text="more rain")
    post(program, STEERING, text="no rain")
    assert [(chip.text, chip.strength) for chip in told(viewer).chips] == [("rain", -1.0)]
    SteeringChip.objects.update(until=timezone.now() - timedelta(seconds=1))
    later = timezone.now() + timedelta(days=8)
    assert wishes_of(viewer, now=later).chips == ()
    assert program.get(STEERING).json() == {"data": []}


@pytest.mark.parametrize("text", ["", "  ", "more, no", "x" * 141, "rain\u0007"])
def test_words_that_say_nothing_or_too_much_are_refused(program: Client, text: str) -> None:
    answer = post(program, STEERING, text=text)
    assert answer.status_code == 400
    assert "text" in answer.json()["errors"]


def test_there_is_room_for_twelve_chips(program: Client) -> None:
    assert post(program, STEERING, text=", ".join(map(str, range(12)))).status_code == 201
    refused = post(program, STEERING, text="one more")
    assert (refused.status_code, refused.json()["code"]) == (409, "too_many_wishes")
    assert post(program, STEERING, text="no 7").status_code == 201


def test_nobody_touches_the_wishes_of_others(program: Client, viewer: User) -> None:
    chip = post(program, STEERING, text="rain").json()["data"][0]
    topic = post(program, TOPICS, topic="rain", amount=0).json()
    other = program_of(make_user())
    assert other.delete(f"{STEERING}/{chip['id']}").status_code == 404
    assert other.delete(f"{TOPICS}/{topic['id']}").status_code == 404
    assert other.get(STEERING).json() == {"data": []}
    assert len(told(viewer).chips) == 1
    for path in (STEERING, SETTINGS, WORDS, HIDDEN, TOPICS):
        assert Client().get(path).status_code == 401


def test_words_creators_and_topics_are_kept_out_and_let_in_again(
    program: Client, viewer: User
) -> None:
    creator = make_user()
    assert program.put(f"{WORDS}/Big%20Dogs").status_code == 204
    assert program.put(f"{HIDDEN}/{creator.handle}").status_code == 204
    topic = post(program, TOPICS, topic="portraits", amount=0.3)
    assert topic.status_code == 200
    wishes = told(viewer)
    assert wishes.muted_words == {"big dogs"}
    assert wishes.hidden_authors == {author_key(creator.pk)}
    assert [(one.text, one.amount) for one in wishes.ai_by_topic] == [("portraits", 0.3)]
    assert program.get(WORDS).json() == {"data": [{"word": "big dogs"}]}
    assert program.get(HIDDEN).json()["data"][0]["handle"] == creator.handle

    assert program.delete(f"{WORDS}/big%20dogs").status_code == 204
    assert program.delete(f"{HIDDEN}/{creator.handle}").status_code == 204
    assert program.delete(f"{TOPICS}/{topic.json()['id']}").status_code == 204
    assert told(viewer) == Wishes()
    assert program.delete(f"{WORDS}/big%20dogs").status_code == 404
    assert program.put(f"{HIDDEN}/{viewer.handle}").status_code == 400
    assert program.put(f"{HIDDEN}/nobody_at_all").status_code == 404
    assert program.put(f"{WORDS}/{'x' * 61}").status_code == 400


def test_who_is_blocked_or_muted_is_hidden_both_ways_of_a_block(viewer: User) -> None:
    blocked, muted, blocking = make_user(), make_user(), make_user()
    assert told(viewer).hidden_authors == frozenset()
    assert told(muted).hidden_authors == frozenset()
    block(viewer, blocked.handle)
    block(blocking, viewer.handle)
    mute(viewer, muted.handle)
    hidden = {author_key(one.pk) for one in (blocked, muted, blocking)}
    assert told(viewer).hidden_authors == hidden
    assert told(blocked).hidden_authors == {author_key(viewer.pk)}
    assert told(muted).hidden_authors == frozenset()


def test_amounts_are_told_the_ranking_and_bounded(program: Client, viewer: User) -> None:
    assert patch(program, amounts={"generated": 0.3, "suspected": 0}).status_code == 200
    assert told(viewer).provenance == {"generated": 0.3, "suspected": 0.0}
    assert patch(program, amounts={"generated": 1}).json()["amounts"]["generated"] == 1
    assert told(viewer).provenance == {"suspected": 0.0}
    assert patch(program, amounts={"generated": 1.1}).status_code == 400
    assert patch(program, amounts={"generated": "nan"}).status_code == 400


def test_profiling_can_be_refused_and_is_off_for_minors(program: Client, viewer: User) -> None:
    assert told(viewer).is_profiled
    assert patch(program, is_profiled=False).json()["in_force"]["is_profiled"] is False
    assert not told(viewer).is_profiled

    minor = make_user(birth_year=YOUNG)
    wishes = told(minor)
    assert wishes.is_minor
    assert not wishes.is_profiled
    rules = program_of(minor).get(SETTINGS).json()["in_force"]
    assert rules == {
        "is_minor": True,
        "is_profiled": False,
        "autoplay": False,
        "daily_minutes": 60,
        "session_minutes": None,
        "nights": [{"start": "22:00", "end": "06:00"}],
        "time_zone": "UTC",
    }
    for loosening in ({"is_profiled": True}, {"daily_minutes": 61}):
        refused = patch(program_of(minor), **loosening)
        assert (refused.status_code, refused.json()["code"]) == (403, "fixed_for_minors")
    assert patch(program_of(minor), daily_minutes=20).json()["in_force"]["daily_minutes"] == 20
    assert not told(minor).is_profiled


def test_who_becomes_a_minor_by_their_own_word_is_one_at_once(viewer: User) -> None:
    assert told(viewer).is_profiled
    viewer.birth_year = YOUNG
    assert not told(viewer).is_profiled


def test_a_minors_night_does_not_move_with_every_click(program: Client) -> None:
    minor = program_of(make_user(birth_year=YOUNG))
    assert patch(minor, time_zone="Europe/Berlin").status_code == 200
    refused = patch(minor, time_zone="Asia/Tokyo")
    assert (refused.status_code, refused.json()["code"]) == (403, "fixed_for_minors")
    assert patch(minor, time_zone="Europe/Berlin").status_code == 200
    for zone in ("Europe/Berlin", "Asia/Tokyo"):
        assert patch(program, time_zone=zone).status_code == 200
    assert patch(program, time_zone="Mars/Olympus").status_code == 400


@pytest.mark.parametrize(
    "night",
    [{"start": "22:00"}, {"start": "22:00", "end": "22:00"}, {"start": "25:00", "end": "06:00"}],
)
def test_a_night_has_two_different_ends(program: Client, night: dict[str, str]) -> None:
    assert patch(program, night_break=night).status_code == 400
    kept = patch(program, night_break={"start": "23:00", "end": "05:30"}).json()
    assert kept["night_break"] == {"start": "23:00", "end": "05:30"}
    assert patch(program, night_break=None).json()["night_break"] is None


def test_wishes_cost_one_query_and_then_none(viewer: User, program: Client) -> None:
    post(program, STEERING, text="more rain, no horror")
    program.put(f"{WORDS}/dogs")
    with CaptureQueriesContext(connection) as first:
        cold = told(viewer)
    with CaptureQueriesContext(connection) as second:
        warm = told(viewer)
    assert (len(first), len(second)) == (1, 0)
    assert [one.text for one in warm.chips] == [one.text for one in cold.chips]
    for one, two in zip(cold.chips, warm.chips, strict=True):
        assert np.array_equal(one.meaning, two.meaning)


def test_a_visitor_is_not_profiled() -> None:
    assert wishes_of(AnonymousUser(), now=timezone.now()) == Wishes(is_profiled=False)
