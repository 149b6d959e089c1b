"""Ready pages over HTTP: the same as the long way's, retry-safe, and never what must not be seen."""

from datetime import timedelta
from typing import Any

import pytest
from django.test import Client
from django.utils import timezone

from accounts.models import User
from clips.models import Clip
from clips.services import withdraw_clip
from feed.distribution.cataloguing import write_catalogue
from feed.distribution.entering import give_meanings
from feed.serving.catalogues import loaded_catalogue
from tests.people import browser_of, make_clip, make_user, program_of

pytestmark = pytest.mark.django_db(transaction=True)

FEED = "/api/v1/feed"


def catalogued() -> None:
    """What workers do after clips were published."""
    give_meanings(most=1000)
    write_catalogue(now=timezone.now())
    loaded_catalogue().look()


def many_clips(number: int) -> list[Clip]:
    authors = [make_user() for _ in range(4)]
    clips = [
        make_clip(authors[n % 4], caption=f"clip {n}", age=timedelta(minutes=n))
        for n in range(number)
    ]
    catalogued()
    return clips


def get(client: Client, **query: Any) -> Any:
    return client.get(FEED, query)


def captions(answer: Any) -> list[str]:
    return [clip["caption"] for clip in answer.json()["data"]]


def walk(client: Client, **query: Any) -> list[str]:
    found, cursor = list[str](), ""
    for _ in range(50):
        answer = get(client, **query, **({"cursor": cursor} if cursor else {}))
        found += captions(answer)
        cursor = answer.json()["meta"]["next_cursor"]
        if not cursor:
            return found
    raise AssertionError("the list does not end")


@pytest.mark.parametrize("mode", ["for_you", "trending", "unprofiled"])
def test_a_list_shows_everything_once_and_ends(mode: str) -> None:
    clips = many_clips(25)
    for client in (program_of(make_user()), browser_of(make_user()), Client()):
        shown = walk(client, mode=mode)
        assert sorted(shown) == sorted(clip.caption for clip in clips)


def test_a_page_asked_for_again_is_the_same_page(django_assert_num_queries: Any) -> None:
    many_clips(30)
    program = program_of(make_user())
    first = get(program).json()
    with django_assert_num_queries(0):
        second = get(program, cursor=first["meta"]["next_cursor"])
    third = get(program, cursor=second.json()["meta"]["next_cursor"])
    again = get(program, cursor=first["meta"]["next_cursor"])
    assert captions(again) == captions(second)
    assert not set(captions(third)) & set(captions(second))
