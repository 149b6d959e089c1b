"""What a person wants none of is in none of their lists, in any mode, from the next page on."""

from typing import Any

import pytest
from django.test import Client
from django.utils import timezone

from accounts.models import User
from feed.distribution.cataloguing import write_catalogue
from feed.distribution.entering import give_meanings
from feed.selectors.pages import Mode
from feed.serving.catalogues import loaded_catalogue
from social.services.blocking import mute
from social.services.following import follow
from tests.people import make_clip, make_user, program_of

pytestmark = pytest.mark.django_db(transaction=True)

FEED = "/api/v1/feed"


@pytest.fixture
def viewer() -> User:
    return make_user(birth_year=1980)


@pytest.fixture
def authors(viewer: User) -> dict[str, User]:
    """Four people whom the viewer follows; each posted a clip of their own name."""
    found = {}
    for name in ("rain", "dogs", "snow", "cars"):
        found[name] = make_user()
        follow(viewer, found[name].handle)
        make_clip(found[name], caption=f"more {name}")
    give_meanings()
    write_catalogue(now=timezone.now())
    loaded_catalogue().look()
    return found


def shown(client: Client, mode: str) -> set[str]:
    answer = client.get(FEED, {"mode": mode})
    assert answer.status_code == 200
    return {clip["caption"].removeprefix("more ") for clip in answer.json()["data"]}


@pytest.mark.parametrize("mode", [mode.value for mode in Mode])
def test_muted_words_hidden_creators_and_muted_people_are_in_no_list(
    viewer: User, authors: dict[str, User], mode: str
) -> None:
    program = program_of(viewer)
    assert shown(program, mode) == {"rain", "dogs", "snow", "cars"}
    assert program.put(f"{FEED}/muted-words/dog").status_code == 204
    assert program.put(f"{FEED}/hidden-creators/{authors['snow'].handle}").status_code == 204
    mute(viewer, authors["cars"].handle)
    assert shown(program, mode) == {"rain"}
    assert shown(program_of(make_user()), "latest") == {"rain", "dogs", "snow", "cars"}


@pytest.mark.parametrize("mode", [mode.value for mode in Mode if mode != Mode.FOLLOWING])
def test_who_wants_nothing_made_by_a_machine_is_recommended_none(
    viewer: User, authors: dict[str, User], mode: str
) -> None:
    program = program_of(viewer)
    body: dict[str, Any] = {"amounts": {"generated": 0}}
    program.patch(f"{FEED}/settings", body, content_type="application/json")
    assert shown(program, mode) == set()
