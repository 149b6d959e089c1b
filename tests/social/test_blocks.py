"""Blocks hide two people from each other everywhere; mutes keep one out of the other's lists."""

from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest
from django.db import connection
from django.test import Client

from accounts.models import Role, User
from common.errors import ReverieError
from social.models.comments import Comment
from social.models.people import Block, Follow
from social.services.blocking import block
from social.services.following import follow
from tests.people import browser_of, make_clip, make_user, program_of

pytestmark = pytest.mark.django_db


def page(client: Client, address: str) -> Any:
    return client.get(f"/api/v1{address}").json()["data"]


def say(client: Client, clip: Any, text: str, **more: Any) -> Any:
    body = {"text": text, **more}
    return client.post(f"/api/v1/clips/{clip.pk}/comments", body, content_type="application/json")


@pytest.fixture
def ada(db: None) -> User:
    return make_user("ada")


@pytest.fixture
def bob(db: None) -> User:
    return make_user("bob")


def test_a_block_ends_follows_both_ways_and_is_made_and_taken_back_as_often_as_one_likes(
    ada: User, bob: User
) -> None:
    as_ada, as_bob = program_of(ada), program_of(bob)
    as_ada.put("/api/v1/users/bob/follow")
    as_bob.put("/api/v1/users/ada/follow")

    for _ in range(2):
        assert as_ada.put("/api/v1/users/Bob/block").json() == {"blocked": True}
    assert Block.objects.count() == 1
    assert not Follow.objects.exists()
    assert [one["handle"] for one in page(as_ada, "/me/blocks")] == ["bob"]
    assert page(as_bob, "/me/blocks") == []

    for _ in range(2):
        assert as_ada.delete("/api/v1/users/bob/block").json() == {"blocked": False}
    assert not Block.objects.exists()
    assert not Follow.objects.exists()
    assert as_bob.put("/api/v1/users/ada/follow").status_code == 200


def test_a_reviewer_who_still_finds_who_blocked_them_follows_them_no_more(ada: User) -> None:
    browser = browser_of(make_user("max", role=Role.MODERATOR))
    block(ada, "max")
    assert browser.get("/api/v1/users/ada").status_code == 200
    answer = browser.put("/api/v1/users/ada/follow")
    assert answer.status_code == 400
    assert answer.json()["code"] == "unable_to_follow"
    assert "blocked" in answer.json()["detail"]
    assert not Follow.objects.exists()


def test_nobody_blocks_themselves_or_nobody_and_a_visitor_blocks_none(ada: User) -> None:
    browser = browser_of(ada)
    assert browser.put("/api/v1/users/ada/block").json()["code"] == "unable_to_block"
    assert browser.put("/api/v1/users/ada/mute").json()["code"] == "unable_to_block"
    for handle in ("nobody", "a%00b", "x" * 1000):
        assert browser.put(f"/api/v1/users/{handle}/block").status_code == 404
    for address in ("/api/v1/me/blocks", "/api/v1/me/mutes"):
        assert Client().get(address).status_code == 401
    assert Client().put("/api/v1/users/ada/block").status_code == 401


@pytest.mark.parametrize("blocker", ["ada", "bob"])
def test_neither_finds_anything_of_the_other(ada: User, bob: User, blocker: str) -> None:
    carol = make_user("carol")
    clip, mine, carols = make_clip(ada), make_clip(bob), make_clip(carol)
    as_ada, as_bob = program_of(ada), program_of(bob)
    thread = say(as_ada, carols, "from ada").json()
    say(as_bob, carols, "from bob", reply_to=thread["id"])
    for person in (as_ada, as_bob):
        person.put("/api/v1/users/carol/follow")
    blocked = "bob" if blocker == "ada" else "ada"
    program_of(User.objects.get(handle=blocker)).put(f"/api/v1/users/{blocked}/block")

    for client, other, theirs in ((as_ada, "bob", mine), (as_bob, "ada", clip)):
        for address in ("", "/clips", "/followers", "/following", "/mutuals", "/collections"):
            assert client.get(f"/api/v1/users/{other}{address}").status_code == 404, address
        assert client.get(f"/api/v1/clips/{theirs.pk}").status_code == 404
        assert client.put(f"/api/v1/clips/{theirs.pk}/like").status_code == 404
        assert client.put(f"/api/v1/clips/{theirs.pk}/save").status_code == 404
        assert client.post(f"/api/v1/clips/{theirs.pk}/shares").status_code == 404
        assert say(client, theirs, "hello").status_code == 404
        assert client.put(f"/api/v1/users/{other}/follow").status_code == 404
        handles = [one["handle"] for one in page(client, "/users/carol/followers")]
        assert other not in handles
    assert page(as_bob, f"/clips/{carols.pk}/comments") == []
    assert as_bob.get(f"/api/v1/comments/{thread['id']}/replies").status_code == 404
    assert say(as_bob, carols, "to ada", reply_to=thread["id"]).status_code == 404
    shown = page(as_ada, f"/clips/{carols.pk}/comments")
    assert [(one["text"], one["reply_count"]) for one in shown] == [("from ada", 0)]
    assert page(as_ada, f"/comments/{thread['id']}/replies") == []
    # Carol has no quarrel with either.
    everything = page(program_of(carol), f"/clips/{carols.pk}/comments")
    assert [(one["text"], one["reply_count"]) for one in everything] == [("from ada", 1)]


def test_what_one_said_under_the_others_clip_is_gone_for_everybody_while_they_are_at_odds(
    ada: User, bob: User
) -> None:
    clip = make_clip(ada)
    say(program_of(bob), clip, "what a clip")
    program_of(bob).put("/api/v1/users/ada/block")

    assert page(Client(), f"/clips/{clip.pk}/comments") == []
    assert page(program_of(ada), f"/clips/{clip.pk}/comments") == []
    moderator = program_of(make_user(role=Role.MODERATOR))
    assert len(page(moderator, f"/clips/{clip.pk}/comments")) == 1

    program_of(bob).delete("/api/v1/users/ada/block")
    assert len(page(Client(), f"/clips/{clip.pk}/comments")) == 1


def test_a_blocked_page_reads_like_one_that_never_was_and_the_blocker_may_unblock(
    ada: User, bob: User
) -> None:
    browser_of(ada).put("/api/v1/users/bob/block")
    for kind in (browser_of(bob).get, program_of(bob).get):
        hidden, unknown = kind("/api/v1/users/ada"), kind("/api/v1/users/nobody_at_all")
        assert (hidden.status_code, hidden.json()) == (404, unknown.json())
    hidden = browser_of(bob).get("/@ada")
    assert hidden.status_code == 404
    assert b"block" not in hidden.content.lower()
    assert b"You blocked @bob" in browser_of(ada).get("/@bob").content
    browser_of(ada).post("/@bob/block", {"blocked": "no"})
    assert b"You blocked" not in browser_of(ada).get("/@bob").content


def test_who_is_blocked_can_block_back(ada: User, bob: User) -> None:
    browser_of(ada).put("/api/v1/users/bob/block")
    assert browser_of(bob).put("/api/v1/users/ada/block").status_code == 200
    browser_of(ada).delete("/api/v1/users/bob/block")
    assert browser_of(ada).get("/api/v1/users/bob").status_code == 404


def test_a_moderator_finds_who_blocked_them(ada: User) -> None:
    moderator = make_user("mo", role=Role.MODERATOR)
    browser_of(ada).put("/api/v1/users/mo/block")
    assert browser_of(moderator).get("/api/v1/users/ada").status_code == 200


def test_a_mute_empties_ones_own_lists_and_tells_nobody(ada: User, bob: User) -> None:
    clip = make_clip(make_user())
    say(program_of(bob), clip, "noise")
    as_ada, as_bob = program_of(ada), program_of(bob)
    as_ada.put("/api/v1/users/bob/follow")

    for _ in range(2):
        assert as_ada.put("/api/v1/users/bob/mute").json() == {"muted": True}
    assert [one["handle"] for one in page(as_ada, "/me/mutes")] == ["bob"]
    assert page(as_ada, f"/clips/{clip.pk}/comments") == []
    assert len(page(Client(), f"/clips/{clip.pk}/comments")) == 1
    seen = as_ada.get("/api/v1/users/bob").json()["viewer"]
    assert (seen["muted"], seen["following"]) == (True, True)
    assert as_bob.get("/api/v1/users/ada").json()["viewer"]["muted"] is False

    as_ada.delete("/api/v1/users/bob/mute")
    assert len(page(as_ada, f"/clips/{clip.pk}/comments")) == 1


def test_the_list_of_the_muted_does_not_name_who_blocked_its_owner(ada: User, bob: User) -> None:
    as_ada = program_of(ada)
    as_ada.put("/api/v1/users/bob/mute")
    browser_of(bob).put("/api/v1/users/ada/block")
    assert page(as_ada, "/me/mutes") == []
    browser_of(bob).delete("/api/v1/users/ada/block")
    assert [one["handle"] for one in page(as_ada, "/me/mutes")] == ["bob"]


def test_mutuals_and_who_follows_me(ada: User, bob: User) -> None:
    as_ada, as_bob = program_of(ada), program_of(bob)
    as_bob.put("/api/v1/users/ada/follow")
    seen = as_ada.get("/api/v1/users/bob").json()["viewer"]
    assert (seen["following"], seen["follows_me"]) == (False, True)
    assert page(Client(), "/users/ada/mutuals") == []
    as_ada.put("/api/v1/users/bob/follow")
    assert [one["handle"] for one in page(Client(), "/users/ada/mutuals")] == ["bob"]
    assert "You follow each other" in browser_of(ada).get("/@bob").content.decode()


@pytest.mark.django_db(transaction=True)
def test_a_follow_that_races_a_block_never_outlives_it() -> None:
    one, other = make_user("one"), make_user("other")

    def trying(act: Any) -> None:
        try:
            act()
        except ReverieError:
            pass
        finally:
            connection.close()

    for _ in range(10):
        Block.objects.all().delete()
        acts = [lambda: follow(one, "other"), lambda: block(other, "one")] * 2
        with ThreadPoolExecutor(4) as pool:
            list(pool.map(trying, acts))
        assert Block.objects.filter(blocker=other, blocked=one).exists()
        assert not Follow.objects.exists()
    assert not Comment.objects.exists()
