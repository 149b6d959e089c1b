"""Comments: judged before they are shown, removed by those whose business it is."""

from typing import Any

import pytest
from django.test import Client

from accounts.models import Role
from clips.models import Clip
from social.counting import add_waiting_counts
from social.models.comments import Comment
from tests.people import browser_of, make_clip, make_user

pytestmark = pytest.mark.django_db


def say(client: Client, clip: Clip, text: object, **headers: str) -> Any:
    return client.post(
        f"/api/v1/clips/{clip.pk}/comments",
        {"text": text},
        content_type="application/json",
        headers=headers,
    )


def said(clip: Clip, client: Client | None = None, **query: Any) -> Any:
    return (client or Client()).get(f"/api/v1/clips/{clip.pk}/comments", query)


@pytest.mark.parametrize(
    "text", ["Lovely!", "رائع جدا", "👏🏽👏🏽", "e\u0301", "<b>x</b>", "x" * 500, "a\nb"]
)
def test_a_comment_is_shown_as_it_was_written(text: str) -> None:
    clip = make_clip(make_user())
    made = say(browser_of(make_user("ada")), clip, f"  {text} ")
    assert made.status_code == 201
    shown = said(clip).json()["data"]
    assert shown == [made.json()]
    assert shown[0]["text"] == text
    assert shown[0]["author"]["handle"] == "ada"


@pytest.mark.parametrize("text", ["", "  ", "x" * 501, "x" * 10_000, "a\0b", None, ["x"], "\ud800"])
def test_what_is_no_comment_is_refused(text: object) -> None:
    clip = make_clip(make_user())
    response = say(browser_of(make_user()), clip, text)
    assert response.status_code == 400
    assert "text" in response.json()["errors"]
    assert not Comment.objects.exists()


def test_words_the_policy_refuses_are_not_kept() -> None:
    clip = make_clip(make_user())
    response = say(browser_of(make_user()), clip, "kill yourself")
    assert response.status_code == 400
    assert response.json()["code"] == "moderation_blocked"
    assert not Comment.objects.exists()


def test_nothing_is_said_under_what_one_may_not_see() -> None:
    author, stranger = make_user(), browser_of(make_user())
    for clip in (make_clip(author, privacy="only_me"), make_clip(author, published=False)):
        assert say(stranger, clip, "hello").status_code == 404
        assert said(clip, stranger).status_code == 404
    assert say(Client(), make_clip(author), "hello").status_code == 401


def test_a_repeated_request_says_it_once() -> None:
    clip, browser = make_clip(make_user()), browser_of(make_user())
    first, second = (say(browser, clip, "once", **{"idempotency-key": "k"}) for _ in range(2))
    assert first.json() == second.json()
    assert len(said(clip).json()["data"]) == 1


def test_who_may_remove_a_comment_and_who_may_not() -> None:
    clip_author, writer = make_user(), make_user()
    clip = make_clip(clip_author)
    remover = {
        "writer": browser_of(writer),
        "clip's author": browser_of(clip_author),
        "moderator": browser_of(make_user(role=Role.MODERATOR)),
    }
    for who, client in remover.items():
        comment = say(browser_of(writer), clip, f"for the {who}").json()["id"]
        url = f"/api/v1/comments/{comment}"
        assert Client().delete(url).status_code == 401
        assert browser_of(make_user()).delete(url).status_code == 403
        assert client.delete(url).status_code == 204
        assert client.delete(url).status_code == 404
    add_waiting_counts()
    clip.refresh_from_db()
    assert clip.comment_count == 0
    assert said(clip).json()["data"] == []


def test_a_comment_under_a_hidden_clip_is_not_there_for_a_stranger() -> None:
    author = make_user()
    clip = make_clip(author)
    comment = say(browser_of(author), clip, "mine").json()["id"]
    Clip.objects.filter(pk=clip.pk).update(privacy="only_me")
    assert browser_of(make_user()).delete(f"/api/v1/comments/{comment}").status_code == 404
    assert Comment.objects.get().removed_at is None


def test_comments_come_newest_first_in_pages_that_neither_repeat_nor_skip() -> None:
    clip, browser = make_clip(make_user()), browser_of(make_user())
    for number in range(5):
        say(browser, clip, str(number))
    first = said(clip, limit=2).json()
    say(browser, clip, "in between")
    second = said(clip, limit=2, cursor=first["meta"]["next_cursor"]).json()
    third = said(clip, limit=2, cursor=second["meta"]["next_cursor"]).json()
    texts = [one["text"] for page in (first, second, third) for one in page["data"]]
    assert texts == ["4", "3", "2", "1", "0"]
    assert not third["meta"]["has_more"]
