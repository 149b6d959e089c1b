"""Following: idempotent, never oneself, counted and listed."""

import pytest
from django.test import Client

from social.models.people import Follow
from tests.people import browser_of, make_clip, make_user, program_of

pytestmark = pytest.mark.django_db


def test_following_twice_is_following_once_and_ends_as_easily() -> None:
    ada, bob = make_user("ada"), make_user("bob")
    program = program_of(bob)

    for _ in range(2):
        assert program.put("/api/v1/users/Ada/follow").json() == {"following": True}
    assert Follow.objects.count() == 1
    profile = program.get("/api/v1/users/ada").json()
    assert profile["counts"] == {"followers": 1, "following": 0, "clips": 0}
    viewer = profile["viewer"]
    assert viewer == {"following": True, "follows_me": False, "muted": False, "is_me": False}

    for _ in range(2):
        assert program.delete("/api/v1/users/ada/follow").json() == {"following": False}
    assert Follow.objects.count() == 0
    assert ada.handle == "ada"


def test_nobody_follows_themselves_or_nobody() -> None:
    browser = browser_of(make_user("ada"))
    itself = browser.put("/api/v1/users/ada/follow")
    assert itself.status_code == 400
    assert itself.json()["code"] == "unable_to_follow"
    for handle in ("nobody", "x" * 10_000, "a%00b", "é", ".."):
        assert browser.put(f"/api/v1/users/{handle}/follow").status_code == 404


def test_a_visitor_follows_nobody_and_sees_the_public_page() -> None:
    make_user("ada", bio="paints")
    visitor = Client()
    assert visitor.put("/api/v1/users/ada/follow").status_code == 401
    profile = visitor.get("/api/v1/users/ada").json()
    assert profile["bio"] == "paints"
    viewer = profile["viewer"]
    assert viewer == {"following": False, "follows_me": False, "muted": False, "is_me": False}
    assert "email" not in profile


def test_a_suspended_person_is_not_there() -> None:
    make_user("ada", is_active=False)
    assert Client().get("/api/v1/users/ada").status_code == 404
    assert browser_of(make_user()).put("/api/v1/users/ada/follow").status_code == 404


def test_followers_and_followed_are_listed_newest_first_in_pages() -> None:
    make_user("ada")
    for name in ("bob", "cleo", "dora"):
        browser_of(make_user(name)).put("/api/v1/users/ada/follow")
    browser_of(make_user("eve")).put("/api/v1/users/bob/follow")

    first = Client().get("/api/v1/users/ada/followers", {"limit": 2}).json()
    cursor = first["meta"]["next_cursor"]
    second = Client().get("/api/v1/users/ada/followers", {"limit": 2, "cursor": cursor}).json()
    followed = Client().get("/api/v1/users/bob/following").json()

    handles = [one["handle"] for one in first["data"] + second["data"]]
    assert handles == ["dora", "cleo", "bob"]
    assert [one["handle"] for one in followed["data"]] == ["ada"]
    foreign = Client().get("/api/v1/users/ada/following", {"cursor": cursor})
    assert foreign.status_code == 400
    assert foreign.json()["code"] == "invalid_cursor"


def test_clips_are_counted_as_the_viewer_may_see_them() -> None:
    ada = make_user("ada")
    make_clip(ada)
    make_clip(ada, privacy="only_me")
    make_clip(ada, published=False)
    assert Client().get("/api/v1/users/ada").json()["counts"]["clips"] == 1
    assert browser_of(ada).get("/api/v1/users/ada").json()["counts"]["clips"] == 2
