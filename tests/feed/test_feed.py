"""The feed over HTTP: what is in it, in which order, and at what price."""

from datetime import timedelta
from typing import Any

import pytest
from django.test import Client
from django.utils import timezone

from accounts.models import User
from clips.services import withdraw_clip
from common.pagination import PageRequest
from feed.cards import FILE_NAMES
from feed.selectors.pages import Mode
from feed.serializers import ClipSerializer
from feed.serving.pages import page_for
from social.models.people import Follow
from social.services.following import follow
from social.services.liking import like
from tests.people import browser_of, make_clip, make_user
from video.encoding import MP4_NAME, PLAYLIST_NAME, POSTER_NAME

pytestmark = pytest.mark.django_db

FEED = "/api/v1/feed"
MODES = [mode.value for mode in Mode]


def minutes(number: int) -> timedelta:
    return timedelta(minutes=number)


def get(client: Client, **query: Any) -> Any:
    return client.get(FEED, query)


def walk(client: Client, **query: Any) -> list[list[str]]:
    """The captions of all pages of a list."""
    pages, cursor = list[list[str]](), ""
    while len(pages) < 100:
        page = get(client, **query, **({"cursor": cursor} if cursor else {})).json()
        pages.append([clip["caption"] for clip in page["data"]])
        cursor = page["meta"]["next_cursor"]
        if not cursor:
            return pages
    raise AssertionError("the list does not end")


def test_latest_is_newest_first_in_pages_that_neither_repeat_nor_skip() -> None:
    author, at = make_user(), timezone.now()
    for number in range(25):
        make_clip(author, caption=str(number), now=at, age=minutes(number // 3))
    pages = walk(Client(), mode="latest")
    captions = [caption for page in pages for caption in page]
    assert [len(page) for page in pages] == [10, 10, 5]
    assert sorted(captions, key=int) == [str(number) for number in range(25)]
    assert [int(caption) // 3 for caption in captions] == sorted(int(c) // 3 for c in captions)


def test_a_new_clip_does_not_disturb_who_is_reading() -> None:
    author = make_user()
    for number in range(4):
        make_clip(author, caption=str(number), age=minutes(10 + number))
    first = get(Client(), mode="latest", limit=2).json()
    make_clip(author, caption="new")
    second = get(Client(), mode="latest", limit=2, cursor=first["meta"]["next_cursor"]).json()
    assert [clip["caption"] for clip in second["data"]] == ["2", "3"]


def test_following_shows_the_people_one_follows_as_far_as_they_let_one() -> None:
    viewer, followed, mutual, stranger = (make_user() for _ in range(4))
    for one in (followed, mutual):
        follow(viewer, one.handle)
    follow(mutual, viewer.handle)
    for author in (followed, mutual, stranger):
        for privacy in ("public", "followers", "mutuals", "only_me"):
            make_clip(author, caption=f"{author.handle} {privacy}", privacy=privacy)

    captions = {caption for page in walk(browser_of(viewer), mode="following") for caption in page}
    assert captions == {
        f"{followed.handle} public",
        f"{followed.handle} followers",
        f"{mutual.handle} public",
        f"{mutual.handle} followers",
        f"{mutual.handle} mutuals",
    }
    assert get(Client(), mode="following").status_code == 403


@pytest.mark.parametrize("mode", MODES)
def test_nothing_unpublished_private_or_suspended_is_listed(mode: str) -> None:
    viewer, author, banned = make_user(), make_user(), make_user(is_active=False)
    Follow.objects.create(follower=viewer, followee=author)
    Follow.objects.create(follower=viewer, followee=banned)
    make_clip(author, published=False)
    make_clip(author, privacy="only_me")
    make_clip(banned)
    withdraw_clip(make_clip(author), reason="no", now=timezone.now())
    make_clip(author, caption="shown")
    assert walk(browser_of(viewer), mode=mode) == [["shown"]]


@pytest.mark.parametrize("mode", MODES)
def test_an_empty_feed_is_a_page_without_more(mode: str) -> None:
    answer = get(browser_of(make_user()), mode=mode)
    assert answer.json() == {"data": [], "meta": {"next_cursor": None, "has_more": False}}


@pytest.mark.parametrize("mode", MODES)
@pytest.mark.parametrize("cursor", ["x", "x" * 100_000, "\0", "é", "eyJhIjoxfQ:1:abc"])
def test_a_cursor_nobody_gave_out_is_400(mode: str, cursor: str) -> None:
    answer = get(browser_of(make_user()), mode=mode, cursor=cursor)
    assert answer.status_code == 400
    assert answer.json()["code"] == "invalid_cursor"


def test_a_cursor_of_one_mode_is_none_of_another() -> None:
    author, viewer = make_user(), make_user()
    follow(viewer, author.handle)
    for _ in range(3):
        make_clip(author)
    browser = browser_of(viewer)
    cursors = {m: get(browser, mode=m, limit=1).json()["meta"]["next_cursor"] for m in MODES}
    for mode in MODES:
        for of, cursor in cursors.items():
            status = get(browser, mode=mode, limit=1, cursor=cursor).status_code
            assert status == (200 if of == mode else 400)


@pytest.mark.parametrize("query", [{"mode": "best"}, {"limit": 0}, {"limit": 51}, {"limit": "x"}])
def test_a_query_that_makes_no_sense_is_400_by_field(query: dict[str, Any]) -> None:
    answer = get(Client(), **query)
    assert answer.status_code == 400
    assert list(answer.json()["errors"]) == [next(iter(query))]


@pytest.mark.parametrize("mode", ["latest", "following"])
@pytest.mark.parametrize("size", [1, 30])
def test_a_list_newest_first_costs_one_query_whatever_its_size(
    mode: str, size: int, django_assert_num_queries: Any
) -> None:
    viewer = make_user()
    for number in range(size):
        author = make_user()
        follow(viewer, author.handle)
        clip = make_clip(author, hashtags=["x"], age=minutes(number))
        like(viewer, clip.pk)
    viewer = User.objects.get(pk=viewer.pk)
    page_for(viewer, mode=Mode(mode), asked=PageRequest(), now=timezone.now())
    with django_assert_num_queries(1):
        page = page_for(viewer, mode=Mode(mode), asked=PageRequest(), now=timezone.now())
    assert len(page.items) == min(size, 10)


def test_a_card_is_what_the_schema_says() -> None:
    author = make_user("ada", display_name="Ada", picture_digest="0" * 64)
    make_clip(author, caption="hi", hashtags=["x"])
    sent = get(Client(), mode="latest").json()["data"][0]
    by_serializer = dict(ClipSerializer(sent).data)
    assert by_serializer == sent
    assert sent["provenance"] == "generated"
    assert sent["digital_source_type"].endswith("trainedAlgorithmicMedia")
    assert sent["author"]["picture_url"].startswith("/api/v1/users/ada/picture?v=")


def test_files_are_named_as_the_encoder_names_them() -> None:
    assert FILE_NAMES == {"mp4": MP4_NAME, "hls": PLAYLIST_NAME, "poster": POSTER_NAME}


def test_following_goes_through_people_who_post_much_and_rarely() -> None:
    viewer, busy, rare = make_user(), make_user(), make_user()
    for one in (busy, rare):
        follow(viewer, one.handle)
    at = timezone.now()
    for number in range(7):
        make_clip(busy, caption=f"busy {number}", now=at, age=minutes(number))
        make_clip(busy, caption="hidden", privacy="only_me", now=at, age=minutes(number))
    make_clip(rare, caption="rare", now=at, age=minutes(100))
    pages = walk(browser_of(viewer), mode="following", limit=2)
    assert [caption for page in pages for caption in page] == [
        *(f"busy {number}" for number in range(7)),
        "rare",
    ]
