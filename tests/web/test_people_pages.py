"""Pages about people and what they keep: well-formed when full, and nobody else's business."""

from typing import Any

import pytest
from django.test import Client
from django.utils import timezone

from accounts.models import User
from clips.models import Clip
from social.models.people import Block, Mute
from social.models.saving import Collection, SavedClip
from social.services.commenting import add_comment
from social.services.saving import collect_clip, make_collection
from tests.people import browser_of, make_clip, make_user
from tests.web.markup import Markup

pytestmark = pytest.mark.django_db


def html_of(client: Client, path: str, status: int = 200) -> str:
    response = client.get(path)
    assert response.status_code == status, path
    html = response.content.decode()
    markup = Markup(html)
    assert (markup.faults, markup.forms_without_token, markup.unlabelled) == ([], [], set()), path
    return html


def as_htmx(client: Client, path: str, **body: Any) -> Any:
    return client.post(path, body, headers={"HX-Request": "true"})


def test_lists_of_people_and_their_buttons(person: User, browser: Client, clip: Clip) -> None:
    browser.post("/@nova/follow", {"followed": "yes"})
    browser_of(clip.author).post("/@mira/follow", {"followed": "yes"})
    assert "Follows you" not in html_of(browser, "/@nova")
    assert "You follow each other" in html_of(browser, "/@nova")
    for path in ("followers", "following", "mutuals"):
        assert "@nova" in html_of(browser, f"/@mira/{path}")
        assert "@nova" in html_of(Client(), f"/@mira/{path}")
    assert html_of(browser, "/@nobody/followers", 404)


def test_blocked_and_muted_people_are_listed_and_let_go(person: User, browser: Client) -> None:
    for handle in ("eve", "frank"):
        make_user(handle)
    browser.post("/@eve/block", {"blocked": "yes"})
    browser.post("/@frank/mute", {"muted": "yes"})
    html = html_of(browser, "/settings/people")
    assert "@eve" in html
    assert "@frank" in html
    assert "@eve" not in html_of(browser_of(make_user()), "/settings/people")
    for path, field in (("/@eve/block", "blocked"), ("/@frank/mute", "muted")):
        assert browser.post(path, {field: "perhaps"}).status_code == 400
        back = browser.post(path, {field: "no", "back": "settings"})
        assert back["location"] == "/settings/people"
    assert not Block.objects.exists()
    assert not Mute.objects.exists()
    assert (
        Client().post("/@eve/block", {"blocked": "yes"})["location"].startswith("/accounts/login")
    )


def test_saving_and_collecting(person: User, browser: Client, clip: Clip) -> None:
    pressed = as_htmx(browser, f"/clips/{clip.pk}/save", saved="yes")
    assert 'aria-pressed="true"' in pressed.content.decode()
    assert "First snow" in html_of(browser, "/saved")
    refused = browser.post(f"/clips/{clip.pk}/collect", {"title": "kill yourself"})
    assert refused.status_code == 400
    assert not Collection.objects.exists()
    browser.post(f"/clips/{clip.pk}/collect", {"title": "<i>calm</i>", "is_public": "on"})
    shelf = Collection.objects.get()
    assert "&lt;i&gt;calm" in html_of(browser, f"/clips/{clip.pk}/collect")
    assert "First snow" in html_of(Client(), f"/collections/{shelf.pk}")
    assert "&lt;i&gt;calm" in html_of(Client(), "/@mira")
    stranger = browser_of(make_user())
    for act in ("change", "delete"):
        answer = stranger.post(f"/collections/{shelf.pk}/{act}", {"title": "mine"})
        assert answer.status_code == 404
    browser.post(f"/collections/{shelf.pk}/change", {"title": "calm"})
    assert html_of(Client(), f"/collections/{shelf.pk}", 404)
    browser.post(f"/collections/{shelf.pk}/clips/{clip.pk}", {"collected": "no"})
    assert "Nothing in it yet" in html_of(browser, f"/collections/{shelf.pk}")
    browser.post(f"/collections/{shelf.pk}/delete")
    assert SavedClip.objects.count() == 1
    as_htmx(browser, f"/clips/{clip.pk}/save", saved="no")
    assert not SavedClip.objects.exists()


def test_a_private_collection_is_nobody_elses(person: User, clip: Clip) -> None:
    shelf = make_collection(person, title="hushed")
    collect_clip(person, shelf.pk, clip.pk)
    assert html_of(browser_of(clip.author), f"/collections/{shelf.pk}", 404)
    assert "hushed" not in html_of(browser_of(clip.author), "/@mira")


def test_talk_comes_in_pages_and_a_link_opens_its_thread(
    person: User, browser: Client, clip: Clip
) -> None:
    now = timezone.now()
    oldest = add_comment(person, clip.pk, text="the very first, @nova and @nobody", now=now)
    reply = add_comment(clip.author, clip.pk, text="an answer", reply_to=oldest.pk, now=now)
    for number in range(20):
        add_comment(person, clip.pk, text=f"number {number}", now=now)
    page = html_of(browser, f"/clips/{clip.pk}")
    assert "the very first" not in page
    assert "Show more comments" in page

    opened = html_of(browser, f"/clips/{clip.pk}?comment={reply.pk}")
    assert '<a class="mention" href="/@nova">@nova</a> and @nobody' in opened
    assert f'id="comment-{reply.pk}"' in opened
    for nonsense in ("x", "00000000-0000-0000-0000-000000000000"):
        assert "an answer" not in html_of(browser, f"/clips/{clip.pk}?comment={nonsense}")

    listed = browser.get(f"/comments/{oldest.pk}/replies", headers={"HX-Request": "true"})
    assert "an answer" in listed.content.decode()
    led = browser.get(f"/comments/{oldest.pk}/replies")
    assert led["location"] == f"/clips/{clip.pk}?comment={oldest.pk}#comment-{oldest.pk}"


def test_a_refused_answer_keeps_what_was_typed_where_it_was_typed(
    browser: Client, person: User, clip: Clip
) -> None:
    thread = add_comment(person, clip.pk, text="hm", now=timezone.now())
    body = {"text": "kill yourself", "reply_to": str(thread.pk)}
    refused = as_htmx(browser, f"/clips/{clip.pk}/comments", **body)
    html = refused.content.decode()
    assert refused.status_code == 422
    assert "kill yourself</textarea>" in html
    assert '<details class="answer" open>' in html
    kept = as_htmx(browser, f"/clips/{clip.pk}/comments", text="so calm", reply_to=str(thread.pk))
    assert "so calm" in kept.content.decode()
    for target in ("x", str(make_clip(person).pk)):
        answer = as_htmx(browser, f"/clips/{clip.pk}/comments", text="so calm", reply_to=target)
        assert answer.status_code == 404


def test_a_caption_links_only_whom_the_viewer_may_know(person: User, browser: Client) -> None:
    eve = make_user("eve")
    clip = make_clip(make_user(), caption="with @eve <3")
    link = '<a class="mention" href="/@eve">@eve</a> &lt;3'
    assert link in html_of(browser, f"/clips/{clip.pk}")
    assert link in html_of(browser, "/latest")
    browser_of(eve).post("/@mira/block", {"blocked": "yes"})
    assert "with @eve &lt;3" in html_of(browser, f"/clips/{clip.pk}")
