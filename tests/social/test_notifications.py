"""Notifications: told once, shown only as far as the receiver may see, and mailed only if asked."""

import json
from datetime import timedelta
from typing import Any

import pytest
import redis
from django.core import mail
from django.test import Client
from django.utils import timezone
from pytest_django import DjangoCaptureOnCommitCallbacks

from accounts.models import User
from clips.models import Clip
from clips.services import withdraw_clip
from social import tasks as social_tasks
from social.counting import add_waiting_counts
from social.distribution.digests import send_digests
from social.distribution.telling import forget_notifications, tell_of_clip
from social.models.comments import Comment
from social.models.notifications import Notification, NotificationSettings
from tests.people import browser_of, make_clip, make_user, program_of

pytestmark = pytest.mark.django_db


@pytest.fixture
def ada(db: None) -> User:
    return make_user("ada")


@pytest.fixture
def bob(db: None) -> User:
    return make_user("bob")


@pytest.fixture
def clip(ada: User) -> Clip:
    return make_clip(ada, caption="calm sea")


def news(user: User, **query: Any) -> list[Any]:
    shown: list[Any] = program_of(user).get("/api/v1/notifications", query).json()["data"]
    return shown


def kinds(user: User) -> list[str]:
    return [one["kind"] for one in news(user)]


def unread(user: User) -> int:
    return int(program_of(user).get("/api/v1/notifications/unread").json()["unread"])


def say(user: User, clip: Clip, text: str, reply_to: str | None = None) -> Any:
    body = {"text": text, "reply_to": reply_to}
    address = f"/api/v1/clips/{clip.pk}/comments"
    return program_of(user).post(address, body, content_type="application/json").json()


def like(user: User, clip: Clip, *, again: bool = False) -> None:
    program = program_of(user)
    if again:
        program.delete(f"/api/v1/clips/{clip.pk}/like")
        add_waiting_counts()
    program.put(f"/api/v1/clips/{clip.pk}/like")
    add_waiting_counts()


def choose(user: User, **choice: Any) -> Any:
    program = program_of(user)
    return program.patch("/api/v1/me/notifications", choice, content_type="application/json")


def test_a_follow_is_told_once_however_often_it_is_made(ada: User, bob: User) -> None:
    for _ in range(3):
        program_of(bob).put("/api/v1/users/ada/follow")
        program_of(bob).delete("/api/v1/users/ada/follow")
    assert kinds(ada) == []
    program_of(bob).put("/api/v1/users/ada/follow")
    (one,) = news(ada)
    assert (one["kind"], one["read_at"]) == ("follow", None)
    assert [person["handle"] for person in one["people"]] == ["bob"]
    assert Notification.objects.count() == 1
    assert kinds(bob) == []


def test_likes_of_a_clip_are_one_line_that_names_the_newest(ada: User, clip: Clip) -> None:
    people = [make_user(f"fan{n}") for n in range(5)]
    like(ada, clip)
    assert kinds(ada) == []
    for person in people:
        like(person, clip)
    (one,) = news(ada)
    assert [person["handle"] for person in one["people"]] == ["fan4", "fan3"]
    assert one["other_count"] == 3
    program_of(people[4]).delete(f"/api/v1/clips/{clip.pk}/like")
    assert news(ada)[0]["people"][0]["handle"] == "fan3"
    assert Notification.objects.count() == 1


def test_a_like_taken_back_and_given_again_is_no_news_within_the_hour(
    ada: User, bob: User, clip: Clip
) -> None:
    like(bob, clip)
    assert unread(ada) == 1
    read(ada)
    assert unread(ada) == 0
    like(bob, clip, again=True)
    assert unread(ada) == 0
    Notification.objects.update(read_at=timezone.now() - timedelta(hours=2))
    like(bob, clip, again=True)
    assert unread(ada) == 1


def read(user: User) -> None:
    body = {"until": timezone.now().isoformat()}
    program_of(user).put("/api/v1/notifications/read", body, content_type="application/json")


def test_a_comment_is_told_once_to_each_as_what_it_is_to_them(
    ada: User, bob: User, clip: Clip
) -> None:
    carol, dora = make_user("carol"), make_user("dora")
    thread = say(bob, clip, "so calm")
    say(carol, clip, "@bob @ada @dora @carol @nobody indeed, write to me@dora", thread["id"])
    assert kinds(ada) == ["comment", "comment"]
    assert kinds(bob) == ["reply"]
    assert kinds(dora) == ["mention"]
    assert kinds(carol) == []
    assert news(bob)[0]["text"].startswith("@bob @ada")
    assert news(bob)[0]["clip"]["id"] == str(clip.pk)


def test_nobody_is_told_of_their_own_words(ada: User, clip: Clip) -> None:
    thread = say(ada, clip, "mine, @ada")
    say(ada, clip, "again", thread["id"])
    assert not Notification.objects.exists()


def test_what_the_receiver_may_not_see_is_not_told(ada: User, bob: User) -> None:
    carol = make_user("carol")
    private = make_clip(ada, privacy="followers")
    say(ada, private, "only for followers, @bob")
    assert kinds(bob) == []
    program_of(bob).put("/api/v1/users/ada/follow")
    assert kinds(bob) == ["mention"]

    public = make_clip(bob)
    comment = say(carol, public, "well, well")
    assert kinds(bob) == ["comment", "mention"]
    program_of(bob).put("/api/v1/users/carol/mute")
    assert kinds(bob) == ["mention"]
    program_of(bob).delete("/api/v1/users/carol/mute")
    program_of(carol).put("/api/v1/users/bob/block")
    assert kinds(bob) == ["mention"]
    program_of(carol).delete("/api/v1/users/bob/block")
    assert (kinds(bob), unread(bob)) == (["comment", "mention"], 2)
    Comment.objects.filter(pk=comment["id"]).update(removed_at=timezone.now())
    assert (kinds(bob), unread(bob)) == (["mention"], 1)
    User.objects.filter(pk=ada.pk).update(is_active=False)
    assert (kinds(bob), unread(bob)) == ([], 0)


def test_what_is_gone_for_everybody_is_told_nobody_either(ada: User, bob: User, clip: Clip) -> None:
    carol, dora = make_user("carol"), make_user("dora")
    thread = say(bob, clip, "so calm")
    reply = say(carol, clip, "not so sure", thread["id"])
    say(dora, clip, "me neither, @bob", reply["id"])
    replies = f"/api/v1/comments/{thread['id']}/replies"

    def told() -> tuple[list[str], list[str]]:
        said = program_of(bob).get(replies).json()["data"]
        return [one["text"] for one in said], [one["text"] for one in news(bob)]

    everything = told()
    assert sorted(everything[0]) == sorted(everything[1])
    assert len(everything[0]) == 2
    program_of(ada).put("/api/v1/users/carol/block")
    assert told() == (["me neither, @bob"], ["me neither, @bob"])
    program_of(ada).delete("/api/v1/users/carol/block")
    assert told() == everything


def test_likes_of_blocked_and_muted_people_are_not_named(ada: User, bob: User, clip: Clip) -> None:
    like(bob, clip)
    for tie in ("block", "mute"):
        program_of(ada).put(f"/api/v1/users/bob/{tie}")
        assert (kinds(ada), unread(ada)) == ([], 0)
        program_of(ada).delete(f"/api/v1/users/bob/{tie}")
        assert kinds(ada) == ["like"]


def test_an_author_is_told_what_became_of_a_clip_as_long_as_it_is_so(ada: User, bob: User) -> None:
    clip = make_clip(ada, caption="for @bob and @ada")
    for _ in range(2):
        tell_of_clip(clip.pk, now=timezone.now())
    assert kinds(ada) == ["published"]
    assert kinds(bob) == ["mention"]
    withdraw_clip(clip, reason="not so calm", now=timezone.now())
    tell_of_clip(clip.pk, now=timezone.now())
    assert kinds(ada) == ["withdrawn"]
    assert kinds(bob) == []


def test_news_of_clips_goes_through_the_queue(
    ada: User,
    valkey_server: redis.Redis,
    django_capture_on_commit_callbacks: DjangoCaptureOnCommitCallbacks,
) -> None:
    with django_capture_on_commit_callbacks(execute=True):
        clip = make_clip(ada)
    waiting = [json.loads(one) for one in valkey_server.lrange("cpu", 0, -1)]
    mine = [one for one in waiting if one["headers"]["task"] == "social.tell_of_clip"]
    assert [str(clip.pk) in one["headers"]["argsrepr"] for one in mine] == [True]
    social_tasks.tell_of_clip(str(clip.pk))
    assert kinds(ada) == ["published"]


def test_whose_clip_was_remixed_is_told(ada: User, bob: User, clip: Clip) -> None:
    remix = make_clip(bob)
    remix.video.parent = clip.video
    remix.video.save(update_fields=["parent"])
    tell_of_clip(remix.pk, now=timezone.now())
    assert kinds(ada) == ["remix"]
    assert news(ada)[0]["clip"]["id"] == str(remix.pk)


def test_what_is_unwanted_is_neither_shown_nor_counted(ada: User, bob: User, clip: Clip) -> None:
    program_of(bob).put("/api/v1/users/ada/follow")
    say(bob, clip, "so calm")
    assert choose(ada, unwanted=["follow"]).json() == {
        "unwanted": ["follow"],
        "wants_digest": False,
    }
    assert (kinds(ada), unread(ada)) == (["comment"], 1)
    assert choose(ada, unwanted=["nonsense"]).status_code == 400
    choose(ada, unwanted=[])
    assert unread(ada) == 2


def test_pages_of_news_and_reading_them(ada: User, clip: Clip) -> None:
    for n in range(5):
        say(make_user(f"fan{n}"), clip, "lovely one")
    first = program_of(ada).get("/api/v1/notifications", {"limit": 3}).json()
    rest = news(ada, cursor=first["meta"]["next_cursor"])
    assert len(first["data"]) == 3
    assert len({one["id"] for one in first["data"] + rest}) == 5
    program_of(ada).put(
        "/api/v1/notifications/read",
        {"until": rest[0]["at"]},
        content_type="application/json",
    )
    assert unread(ada) == 3
    assert program_of(make_user("eve")).get("/api/v1/notifications").json()["data"] == []
    for address in ("", "/unread"):
        assert Client().get(f"/api/v1/notifications{address}").status_code == 401


def test_old_news_is_forgotten(ada: User, bob: User) -> None:
    program_of(bob).put("/api/v1/users/ada/follow")
    assert forget_notifications(now=timezone.now() + timedelta(days=89)) == 0
    assert forget_notifications(now=timezone.now() + timedelta(days=91)) == 1


# --- the daily mail ---


def test_nobody_gets_a_digest_who_did_not_ask(ada: User, bob: User, clip: Clip) -> None:
    say(bob, clip, "so calm")
    assert send_digests(now=timezone.now() + timedelta(days=2)) == 0
    assert mail.outbox == []


def test_a_digest_tells_once_a_day_what_is_unread(ada: User, bob: User, clip: Clip) -> None:
    say(bob, clip, "before it was asked for")
    choose(ada, wants_digest=True)
    for person in (bob, make_user("carol")):
        say(person, clip, "so calm")
        like(person, clip)
    soon = timezone.now() + timedelta(hours=1)
    assert send_digests(now=soon) == 0
    later = timezone.now() + timedelta(hours=25)
    assert [send_digests(now=later) for _ in range(3)] == [1, 0, 0]
    (letter,) = mail.outbox
    assert letter.to == ["ada@example.org"]
    assert "3 things are new" in letter.subject
    assert "@carol and @bob liked your clip: “calm sea”" in letter.body
    assert "@bob commented on your clip" in letter.body
    read(ada)
    assert send_digests(now=later + timedelta(days=2)) == 0


def test_a_digest_says_nothing_its_reader_may_not_see(ada: User, bob: User, clip: Clip) -> None:
    choose(ada, wants_digest=True)
    say(bob, clip, "so calm")
    program_of(bob).put("/api/v1/users/ada/block")
    assert send_digests(now=timezone.now() + timedelta(hours=25)) == 0
    assert mail.outbox == []


def test_one_press_in_the_mail_program_ends_it(ada: User, bob: User, clip: Clip) -> None:
    choose(ada, wants_digest=True)
    say(bob, clip, "so calm")
    send_digests(now=timezone.now() + timedelta(hours=25))
    headers = mail.outbox[0].extra_headers
    assert headers["List-Unsubscribe-Post"] == "List-Unsubscribe=One-Click"
    address = headers["List-Unsubscribe"].strip("<>")
    assert address in mail.outbox[0].body
    path = "/" + address.split("/", 3)[3]

    strict = Client(enforce_csrf_checks=True)
    assert strict.get(path).status_code == 200
    assert NotificationSettings.objects.get(user=ada).wants_digest
    for _ in range(2):
        pressed = strict.post(path, {"List-Unsubscribe": "One-Click"})
        assert (pressed.status_code, b"No more daily mail" in pressed.content) == (200, True)
    assert not NotificationSettings.objects.get(user=ada).wants_digest
    for method in (strict.get, strict.post):
        assert method(path[:-3] + "abc").status_code == 404


# --- pages ---


def test_the_page_shows_news_and_marks_them_read(ada: User, bob: User, clip: Clip) -> None:
    browser = browser_of(ada)
    assert "All quiet" in browser.get("/notifications").content.decode()
    comment = say(bob, clip, "so <b>calm</b>")
    page = browser.get("/notifications").content.decode()
    assert "so &lt;b&gt;calm&lt;/b&gt;" in page
    assert f"/clips/{clip.pk}?comment={comment['id']}#comment-{comment['id']}" in page
    assert "1" in browser.get("/notifications/unread").content.decode()
    browser.post("/notifications/read", {"until": timezone.now().isoformat()})
    assert browser.get("/notifications/unread").content.decode().strip() == ""
    for nonsense in ("", "yesterday", "2026-01-01", "2026-99-01T00:00:00Z"):
        assert browser.post("/notifications/read", {"until": nonsense}).status_code == 400


def test_settings_are_kept_as_they_are_ticked(ada: User) -> None:
    browser = browser_of(ada)
    assert browser.get("/settings/notifications").content.count(b"checked") == 10
    browser.post("/settings/notifications", {"kinds": ["like", "held"], "wants_digest": "on"})
    page = browser.get("/settings/notifications").content
    assert page.count(b"checked") == 3
    kept = NotificationSettings.objects.get(user=ada)
    assert kept.wants_digest
    assert len(kept.unwanted) == 8
