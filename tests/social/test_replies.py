"""Replies: one level deep, judged like comments, and gone with what they answer."""

from typing import Any

import pytest
from django.test import Client
from django.utils import timezone

from accounts.models import Role
from clips.models import Clip
from moderation.services.comments import remove_as_moderator
from social.counting import add_waiting_counts
from social.models.comments import Comment
from social.services.commenting import show_comment_again
from tests.people import browser_of, make_clip, make_user, program_of

pytestmark = pytest.mark.django_db


def say(client: Client, clip: Clip, text: str, reply_to: str | None = None) -> Any:
    return client.post(
        f"/api/v1/clips/{clip.pk}/comments",
        {"text": text, "reply_to": reply_to},
        content_type="application/json",
    )


def count_of(clip: Clip) -> int:
    add_waiting_counts()
    clip.refresh_from_db()
    return clip.comment_count


def test_an_answer_joins_the_thread_however_deep_it_is_aimed() -> None:
    clip, author = make_clip(make_user()), program_of(make_user("ada"))
    thread = say(author, clip, "first").json()
    reply = say(author, clip, "second", thread["id"]).json()
    deeper = say(author, clip, "third", reply["id"]).json()

    assert (thread["reply_to"], reply["reply_to"]) == (None, thread["id"])
    assert deeper["reply_to"] == thread["id"]
    listed = Client().get(f"/api/v1/clips/{clip.pk}/comments").json()["data"]
    assert [(one["text"], one["reply_count"]) for one in listed] == [("first", 2)]
    first = Client().get(f"/api/v1/comments/{thread['id']}/replies", {"limit": 1}).json()
    cursor = first["meta"]["next_cursor"]
    rest = Client().get(f"/api/v1/comments/{thread['id']}/replies", {"cursor": cursor}).json()
    assert [one["text"] for one in first["data"] + rest["data"]] == ["second", "third"]
    assert rest["meta"]["has_more"] is False
    assert count_of(clip) == 3


def test_nobody_answers_what_they_may_not_read_or_what_is_elsewhere() -> None:
    clip, other = make_clip(make_user()), make_clip(make_user())
    private = make_clip(make_user(), privacy="only_me")
    program = program_of(make_user())
    here = say(program, clip, "hello there").json()["id"]
    hidden = Comment.objects.create(clip=private, author=private.author, text="mine")
    for target, under in ((here, other), (str(hidden.pk), private), (str(hidden.pk), clip)):
        assert say(program, under, "answer", target).status_code == 404
    assert program.get(f"/api/v1/comments/{hidden.pk}/replies").status_code == 404
    assert say(program, clip, "answer", "no-id").status_code == 400
    program.delete(f"/api/v1/comments/{here}")
    assert say(program, clip, "answer", here).status_code == 404
    assert Comment.objects.filter(reply_to__isnull=False).count() == 0


def test_a_reply_the_policy_refuses_is_not_kept() -> None:
    clip, program = make_clip(make_user()), program_of(make_user())
    thread = say(program, clip, "hello").json()["id"]
    refused = say(program, clip, "kill yourself", thread)
    assert refused.json()["code"] == "moderation_blocked"
    assert Comment.objects.count() == 1


def test_a_removed_comment_takes_its_replies_along_and_brings_them_back() -> None:
    clip = make_clip(make_user())
    ada, bob = make_user("ada"), make_user("bob")
    thread = say(program_of(ada), clip, "first").json()["id"]
    reply = say(program_of(bob), clip, "second", thread).json()["id"]
    say(program_of(bob), clip, "third", thread)
    assert program_of(bob).delete(f"/api/v1/comments/{reply}").status_code == 204
    assert count_of(clip) == 2
    comment = Comment.objects.get(pk=thread)
    remove_as_moderator(make_user(role=Role.MODERATOR), comment, now=timezone.now())
    assert count_of(clip) == 0
    assert Client().get(f"/api/v1/comments/{thread}/replies").status_code == 404
    assert Client().get(f"/api/v1/clips/{clip.pk}/comments").json()["data"] == []
    show_comment_again(comment)
    assert count_of(clip) == 2


def test_talking_too_fast_is_refused_on_pages_and_by_programs_together() -> None:
    clip, ada = make_clip(make_user()), make_user("ada")
    browser, program = browser_of(ada), program_of(ada)
    answers = [say(program, clip, f"number {n}").status_code for n in range(10)]
    for n in range(10):
        browser.post(f"/clips/{clip.pk}/comments", {"text": f"page {n}"})
    assert set(answers) == {201}
    assert say(program, clip, "one more").status_code == 429
    late = browser.post(f"/clips/{clip.pk}/comments", {"text": "and one"})
    assert late.status_code == 429
    assert Comment.objects.count() == 20
