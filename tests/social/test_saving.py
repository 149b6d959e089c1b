"""Saved clips are one's own; collections are shown to others only when they are public."""

from typing import Any
from uuid import uuid4

import pytest
from django.test import Client

from accounts.models import User
from social.models.saving import Collection, SavedClip
from tests.people import make_clip, make_user, program_of

pytestmark = pytest.mark.django_db


@pytest.fixture
def ada(db: None) -> User:
    return make_user("ada")


def ids(client: Client, address: str, **query: Any) -> list[str]:
    return [one["id"] for one in client.get(f"/api/v1{address}", query).json()["data"]]


def make(client: Client, title: str, *, is_public: bool = False) -> Any:
    body = {"title": title, "is_public": is_public}
    return client.post("/api/v1/collections", body, content_type="application/json")


def test_a_clip_is_saved_once_found_again_and_let_go(ada: User) -> None:
    program = program_of(ada)
    clips = [make_clip(make_user()) for _ in range(3)]
    for clip in clips:
        for _ in range(2):
            assert program.put(f"/api/v1/clips/{clip.pk}/save").json() == {"saved": True}
    assert SavedClip.objects.count() == 3
    newest_first = [str(clip.pk) for clip in reversed(clips)]
    first = program.get("/api/v1/me/saved", {"limit": 2}).json()
    rest = ids(program, "/me/saved", cursor=first["meta"]["next_cursor"])
    assert [one["id"] for one in first["data"]] + rest == newest_first

    for _ in range(2):
        assert program.delete(f"/api/v1/clips/{clips[0].pk}/save").json() == {"saved": False}
    assert ids(program, "/me/saved") == newest_first[:2]
    assert ids(program_of(make_user()), "/me/saved") == []
    assert Client().get("/api/v1/me/saved").status_code == 401
    assert Client().put(f"/api/v1/clips/{clips[0].pk}/save").status_code == 401


def test_what_one_may_not_see_is_neither_saved_nor_shown_as_saved(ada: User) -> None:
    program, author = program_of(ada), make_user("author")
    hidden, clip = make_clip(author, privacy="only_me"), make_clip(author)
    assert program.put(f"/api/v1/clips/{hidden.pk}/save").status_code == 404
    assert program.put(f"/api/v1/clips/{uuid4()}/save").status_code == 404
    program.put(f"/api/v1/clips/{clip.pk}/save")
    program_of(author).patch(
        f"/api/v1/clips/{clip.pk}", {"privacy": "only_me"}, content_type="application/json"
    )
    assert ids(program, "/me/saved") == []
    assert program.delete(f"/api/v1/clips/{clip.pk}/save").status_code == 200
    assert not SavedClip.objects.exists()


def test_a_collection_is_private_until_it_is_opened(ada: User) -> None:
    program, stranger, clip = program_of(ada), program_of(make_user()), make_clip(make_user())
    made = make(program, "  calm   things ").json()
    assert (made["title"], made["is_public"], made["clip_count"]) == ("calm things", False, 0)
    shelf = f"/collections/{made['id']}"
    for _ in range(2):
        program.put(f"/api/v1{shelf}/clips/{clip.pk}")
    assert ids(program, "/me/saved") == [str(clip.pk)]
    for address in (shelf, f"{shelf}/clips"):
        assert program.get(f"/api/v1{address}").status_code == 200
        assert stranger.get(f"/api/v1{address}").status_code == 404
        assert Client().get(f"/api/v1{address}").status_code == 404
    assert ids(stranger, "/users/ada/collections") == []

    program.patch(f"/api/v1{shelf}", {"is_public": True}, content_type="application/json")
    assert ids(stranger, "/users/ada/collections") == [made["id"]]
    assert ids(Client(), f"{shelf}/clips") == [str(clip.pk)]

    program.delete(f"/api/v1{shelf}/clips/{clip.pk}")
    assert ids(Client(), f"{shelf}/clips") == []
    assert ids(program, "/me/saved") == [str(clip.pk)]


def test_a_public_collection_shows_each_viewer_what_they_may_see(ada: User) -> None:
    program, author = program_of(ada), make_user("author")
    program.put("/api/v1/users/author/follow")
    for_followers, public = make_clip(author, privacy="followers"), make_clip(author)
    shelf = make(program, "both", is_public=True).json()["id"]
    for clip in (for_followers, public):
        program.put(f"/api/v1/collections/{shelf}/clips/{clip.pk}")
    assert len(ids(program, f"/collections/{shelf}/clips")) == 2
    assert ids(Client(), f"/collections/{shelf}/clips") == [str(public.pk)]
    assert Client().get(f"/api/v1/collections/{shelf}").json()["clip_count"] == 1
    blocked = program_of(make_user("bob"))
    program.put("/api/v1/users/bob/block")
    assert blocked.get(f"/api/v1/collections/{shelf}").status_code == 404


def test_only_its_owner_changes_a_collection(ada: User) -> None:
    program, stranger, clip = program_of(ada), program_of(make_user()), make_clip(make_user())
    shelf = f"/api/v1/collections/{make(program, 'mine', is_public=True).json()['id']}"
    assert stranger.put(f"{shelf}/clips/{clip.pk}").status_code == 404
    assert stranger.delete(shelf).status_code == 404
    change = {"title": "theirs"}
    assert stranger.patch(shelf, change, content_type="application/json").status_code == 404
    assert program.patch(shelf, change, content_type="application/json").json()["title"] == "theirs"
    assert program.delete(shelf).status_code == 204
    assert not Collection.objects.exists()


@pytest.mark.parametrize("title", ["", "   ", "x" * 61, "a\0b"])
def test_a_title_that_is_none_is_refused(ada: User, title: str) -> None:
    assert make(program_of(ada), title).status_code == 400
    assert not Collection.objects.exists()


def test_a_title_the_policy_refuses_is_not_kept(ada: User) -> None:
    refused = make(program_of(ada), "kill yourself")
    assert refused.json()["code"] == "moderation_blocked"
    assert "title" in refused.json()["errors"]
    assert not Collection.objects.exists()
