"""Likes, follows, comments, edits, profile and keys: by htmx, and by plain forms."""

from io import BytesIO

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client
from django.utils import timezone
from PIL import Image

from accounts.models import ApiKey, User
from accounts.selectors import api_key_for
from clips.models import Clip
from social.models.comments import Comment
from social.models.likes import Like
from social.models.people import Follow
from social.services.commenting import add_comment
from tests.people import browser_of, make_clip, make_user

pytestmark = pytest.mark.django_db

HTMX = {"HX-Request": "true"}


def test_like_and_unlike_twice_each(browser: Client, person: User, clip: Clip) -> None:
    for answer, count in (("yes", 1), ("yes", 1), ("no", 0), ("no", 0)):
        piece = browser.post(f"/clips/{clip.pk}/like", {"liked": answer}, headers=HTMX)
        assert piece.status_code == 200
        assert piece.context["count"] == count == Like.objects.filter(user=person).count()
    plain = browser.post(f"/clips/{clip.pk}/like", {"liked": "yes"})
    assert plain.headers["Location"] == f"/clips/{clip.pk}"
    nonsense = browser.post(f"/clips/{clip.pk}/like", {"liked": "perhaps"}, headers=HTMX)
    assert nonsense.status_code == 400
    assert "yes%20or%20no" in nonsense.headers["X-Reverie-Problem"]


def test_follow_and_unfollow(browser: Client, person: User, clip: Clip) -> None:
    assert b"Following" in browser.post("/@nova/follow", {"followed": "yes"}, headers=HTMX).content
    assert Follow.objects.filter(follower=person, followee=clip.author).exists()
    assert browser.post("/@nova/follow", {"followed": "no"}).headers["Location"] == "/@nova"
    assert not Follow.objects.exists()
    assert browser.post("/@mira/follow", {"followed": "yes"}).status_code == 400
    assert browser.post("/@nobody/follow", {"followed": "yes"}).status_code == 404


def test_a_comment_appears_or_says_what_is_wrong(browser: Client, clip: Clip) -> None:
    said = browser.post(f"/clips/{clip.pk}/comments", {"text": "❤ شكرا"}, headers=HTMX)
    assert "❤ شكرا" in said.content.decode()
    for text, message in (("", "1 to 500"), ("x" * 501, "1 to 500"), ("a\0b", "Null")):
        wrong = browser.post(f"/clips/{clip.pk}/comments", {"text": text}, headers=HTMX)
        assert (wrong.status_code, message in wrong.content.decode()) == (422, True)
    shown = browser.post(f"/clips/{clip.pk}/comments", {"text": ""}, follow=True)
    assert b"1 to 500 characters" in shown.content
    assert Comment.objects.count() == 1


def test_who_may_remove_a_comment(browser: Client, clip: Clip) -> None:
    now = timezone.now()
    comment = add_comment(make_user(), clip.pk, text="Well", now=now)
    assert b"Remove" not in browser.get(f"/clips/{clip.pk}").content
    assert browser.post(f"/comments/{comment.pk}/remove", headers=HTMX).status_code == 403
    author = browser_of(clip.author)
    assert b"Remove" in author.get(f"/clips/{clip.pk}").content
    assert author.post(f"/comments/{comment.pk}/remove", headers=HTMX).content == b""
    assert b"Well" not in author.get(f"/clips/{clip.pk}").content


def test_a_visitor_who_presses_a_button_is_sent_to_log_in(clip: Clip) -> None:
    address = f"/clips/{clip.pk}/like"
    assert Client().post(address, {"liked": "yes"}, headers=HTMX)["HX-Redirect"] == (
        "/accounts/login/"
    )
    assert Client().post(address, {"liked": "yes"}).status_code == 302
    assert b"Log in" in Client().get(f"/clips/{clip.pk}/comments", headers=HTMX).content
    assert not Like.objects.exists()


def test_an_author_edits_and_deletes_and_nobody_else(browser: Client, clip: Clip) -> None:
    words = {"caption": "Second snow", "hashtags": "calm white", "privacy": "followers"}
    author = browser_of(clip.author)
    wrong = author.post(f"/clips/{clip.pk}/edit", words | {"caption": "a" * 501})
    assert (wrong.status_code, b"at most 500" in wrong.content) == (400, True)
    assert author.post(f"/clips/{clip.pk}/edit", words | {"privacy": "x"}).status_code == 422
    for action in ("edit", "delete"):
        assert browser.post(f"/clips/{clip.pk}/{action}", words).status_code == 403
    assert author.post(f"/clips/{clip.pk}/edit", words).status_code == 302
    clip.refresh_from_db()
    assert (clip.caption, clip.hashtags, clip.privacy, clip.state) == (
        "Second snow", ["calm", "white"], "followers", "submitted",
    )  # fmt: skip
    assert author.post(f"/clips/{clip.pk}/delete").headers["Location"] == "/@nova"
    assert author.get(f"/clips/{clip.pk}").status_code == 404


def test_a_clip_for_followers_is_no_page_for_others(browser: Client, person: User) -> None:
    author = make_user("hana")
    clip = make_clip(author, privacy="followers")
    assert browser.get(f"/clips/{clip.pk}").status_code == 404
    browser.post("/@hana/follow", {"followed": "yes"})
    assert browser.get(f"/clips/{clip.pk}").status_code == 200


def picture(side: int) -> SimpleUploadedFile:
    data = BytesIO()
    Image.new("1", (side, side)).save(data, "PNG")
    return SimpleUploadedFile("me.png", data.getvalue(), "image/png")


def test_the_profile_is_changed_and_refusals_keep_what_was_typed(
    browser: Client, person: User
) -> None:
    words = {"display_name": "Mira Okafor", "bio": "Weather.\n<i>Animals.</i>"}
    assert browser.post("/settings", words | {"picture": picture(600)}).status_code == 302
    html = Client().get("/@mira").content.decode()
    assert "Weather.<br>&lt;i&gt;Animals." in html
    person.refresh_from_db()
    assert person.picture_digest[:12] in html
    for wrong, message in (
        ({"display_name": "a" * 61}, "At most 60"),
        ({"bio": "a" * 301}, "At most 300"),
        ({"picture": picture(12_000)}, "at most 40 megapixels"),
        ({"picture": SimpleUploadedFile("me.png", b"no picture")}, "no sound JPEG"),
    ):
        response = browser.post("/settings", {"display_name": "Other", "bio": "B"} | wrong)
        assert (response.status_code, message in response.content.decode()) == (400, True)
        person.refresh_from_db()
        assert person.display_name == "Mira Okafor"


def test_a_keys_secret_is_shown_once(browser: Client, person: User) -> None:
    response = browser.post("/settings/keys", {"name": "my laptop"})
    secret = response.context["secret"]
    assert secret in response.content.decode()
    assert "no-store" in response["Cache-Control"]
    page = browser.get("/settings").content.decode()
    assert secret not in page
    assert secret[:10] in page
    found = api_key_for(secret)
    assert found is not None
    assert found.owner == person
    assert browser.post("/settings/keys", {"name": ""}).status_code == 422
    stranger = browser_of(make_user())
    assert stranger.post(f"/settings/keys/{found.pk}/revoke").status_code == 404
    assert browser.post(f"/settings/keys/{found.pk}/revoke").status_code == 302
    assert api_key_for(secret) is None
    assert ApiKey.objects.count() == 1
