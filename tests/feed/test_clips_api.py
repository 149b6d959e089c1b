"""Clips over HTTP: posted, shown, changed and deleted by whom they belong to."""

from typing import Any
from uuid import uuid4

import pytest
from django.test import Client
from django.utils import timezone

from accounts.models import Role, User
from clips.models import Clip
from clips.services import hold_clip
from common.ids import public_id
from generation.models import Job
from generation.states import COMPLETED
from tests.people import browser_of, make_clip, make_user

pytestmark = pytest.mark.django_db

CLIPS = "/api/v1/clips"


def made_video(owner: User) -> str:
    """The id of a finished, unposted video."""
    clip = make_clip(owner, published=False)
    job = Job.objects.create(
        owner=owner,
        state=COMPLETED,
        engine="test",
        prompt="a red fox",
        seed=1,
        seconds="2",
        width=360,
        height=640,
        inference_steps=2,
        guidance_scale=1.0,
        video=clip.video,
        completed_at=timezone.now(),
    )
    clip.delete()
    return public_id("video", job.pk)


def post(client: Client, video_id: str, **words: Any) -> Any:
    body = {"video_id": video_id, **words}
    return client.post(CLIPS, body, content_type="application/json")


def test_a_finished_video_is_posted_once_and_waits_to_be_judged() -> None:
    author = make_user("ada")
    browser, video_id = browser_of(author), made_video(author)

    made = post(browser, video_id, caption=" Fox ", hashtags=["#Snow", "snow"], privacy="followers")
    clip = made.json()
    assert made.status_code == 201
    assert (clip["caption"], clip["hashtags"]) == ("Fox", ["snow"])
    assert (clip["privacy"], clip["state"]) == ("followers", "submitted")
    assert clip["viewer"]["is_author"]
    assert Client().get(clip["urls"]["page"].replace("/clips", CLIPS)).status_code == 404
    again = post(browser, video_id)
    assert (again.status_code, again.json()["code"]) == (409, "already_posted")


def test_only_a_creators_own_finished_video_can_be_posted() -> None:
    author = make_user()
    video_id = made_video(author)
    assert post(browser_of(make_user()), video_id).status_code == 404
    for unknown in (public_id("video", uuid4()), "video_", "x", "\u202e", "é" * 5000):
        assert post(browser_of(author), unknown).status_code == 404
    assert post(browser_of(author), "a\0").status_code == 400
    viewer = make_user(role=Role.VIEWER)
    assert post(browser_of(viewer), made_video(viewer)).status_code == 403
    assert post(Client(), video_id).status_code == 401


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("caption", "x" * 501),
        ("caption", "x" * 10_000),
        ("caption", "a\0b"),
        ("hashtags", ["a b"]),
        ("hashtags", ["x" * 61]),
        ("hashtags", [f"t{number}" for number in range(21)]),
        ("hashtags", "fox"),
        ("privacy", "everyone"),
    ],
)
def test_words_that_can_not_be_posted_are_named(field: str, value: object) -> None:
    author = make_user()
    response = post(browser_of(author), made_video(author), **{field: value})
    assert response.status_code == 400
    assert field in str(response.json()["errors"])
    assert not Clip.objects.exists()


@pytest.mark.parametrize("caption", ["مرحبا بالعالم", "👩‍🚀🌈", "e\u0301", "\u202eabc", "' OR 1=1"])
def test_a_caption_of_any_script_is_kept(caption: str) -> None:
    author = make_user()
    assert (
        post(browser_of(author), made_video(author), caption=caption).json()["caption"] == caption
    )


def test_a_held_clip_is_shown_to_its_author_and_moderators_with_the_reason() -> None:
    author = make_user("ada")
    clip = make_clip(author)
    hold_clip(clip, reason="A person has to look.", now=timezone.now())
    url = f"{CLIPS}/{clip.pk}"
    for viewer in (author, make_user(role=Role.MODERATOR)):
        shown = browser_of(viewer).get(url).json()
        assert (shown["state"], shown["reason"]) == ("held", "A person has to look.")
    for stranger in (Client(), browser_of(make_user())):
        assert stranger.get(url).status_code == 404
        assert stranger.get("/api/v1/users/ada/clips").json()["data"] == []
    own = browser_of(author).get("/api/v1/users/ada/clips").json()["data"]
    assert [one["state"] for one in own] == ["held"]


def test_new_words_are_judged_again_and_privacy_is_changed_at_once() -> None:
    author = make_user()
    browser, url = browser_of(author), f"{CLIPS}/{make_clip(author).pk}"
    closed = browser.patch(url, {"privacy": "only_me"}, content_type="application/json")
    assert (closed.json()["state"], closed.json()["privacy"]) == ("published", "only_me")
    reworded = browser.patch(url, {"caption": "new"}, content_type="application/json")
    assert (reworded.json()["state"], reworded.json()["caption"]) == ("submitted", "new")


def test_nobody_changes_or_deletes_anothers_clip() -> None:
    clip = make_clip(make_user(), caption="mine")
    url = f"{CLIPS}/{clip.pk}"
    for client, status in ((Client(), 401), (browser_of(make_user()), 403)):
        changed = client.patch(url, {"caption": "x"}, content_type="application/json")
        assert changed.status_code == client.delete(url).status_code == status
    clip.refresh_from_db()
    assert (clip.caption, clip.state) == ("mine", "published")


def test_a_deleted_clip_is_gone_for_everybody() -> None:
    author = make_user("ada")
    browser, url = browser_of(author), f"{CLIPS}/{make_clip(author).pk}"
    assert browser.delete(url).status_code == 204
    for client in (browser, Client()):
        assert client.get(url).status_code == 404
    assert browser.delete(url).status_code == 404
    assert browser.get("/api/v1/users/ada/clips").json()["data"] == []


def test_a_persons_clips_are_listed_as_far_as_one_may_see_them() -> None:
    author = make_user("ada")
    for privacy in ("public", "followers", "mutuals", "only_me"):
        make_clip(author, privacy=privacy)
    make_clip(author, published=False)
    follower = make_user()
    browser_of(follower).put("/api/v1/users/ada/follow")

    def seen(client: Client) -> int:
        return len(client.get("/api/v1/users/ada/clips").json()["data"])

    assert [seen(Client()), seen(browser_of(follower)), seen(browser_of(author))] == [1, 2, 5]
    assert Client().get("/api/v1/users/nobody/clips").status_code == 404
