"""The pages of uploading, and what a clip's page says of where it comes from."""

import json
import re
from pathlib import Path
from typing import Any

import pytest
from django.test import Client

from accounts.models import Role, User
from clips.models import Clip, Provenance
from tests.people import browser_of, make_clip, make_user
from tests.uploads.conftest import plain as plain  # noqa: PLC0414 - a fixture
from tests.web.markup import Markup
from uploads.models import Upload
from uploads.processing.processing import process
from video.provenance import COMPOSITE, TRAINED

pytestmark = pytest.mark.django_db(transaction=True)
LINKED_DATA = re.compile(r'<script type="application/ld\+json"[^>]*>(.*?)</script>', re.DOTALL)


def _send(browser: Client, path: Path, **fields: Any) -> Any:
    with path.open("rb") as file:
        return browser.post("/upload", {"file": file, "privacy": "public", **fields})


def test_a_file_goes_from_the_form_to_its_own_page(
    browser: Client, plain: Path, person: User
) -> None:
    page = browser.get("/upload")
    assert page.status_code == 200
    markup = Markup(page.content.decode())
    assert (markup.faults, markup.forms_without_token, markup.unlabelled) == ([], [], set())

    unanswered = _send(browser, plain, caption="By the sea")
    assert unanswered.status_code == 422
    assert "Say whether it was made or changed with AI." in unanswered.content.decode()

    sent = _send(browser, plain, caption="By the sea", ai="no")
    upload = Upload.objects.get()
    assert (sent.status_code, sent["Location"]) == (302, f"/uploads/{upload.pk}")
    assert "In line to be read" in browser.get(sent["Location"]).content.decode()
    process(upload.pk)
    assert "No sign of AI" in browser.get(sent["Location"]).content.decode()
    assert "By the sea" in browser.get("/upload").content.decode()

    assert browser.post(f"/uploads/{upload.pk}/delete").status_code == 302
    assert browser.get(sent["Location"]).status_code == 404


def test_others_and_viewers_do_not_get_in(browser: Client, plain: Path) -> None:
    assert Client().get("/upload").status_code == 302
    assert _send(Client(), plain, ai="no").status_code == 302
    assert _send(browser_of(make_user(role=Role.VIEWER)), plain, ai="no").status_code == 403
    upload_id = _send(browser, plain, ai="no")["Location"].rpartition("/")[2]
    stranger = browser_of(make_user())
    assert stranger.get(f"/uploads/{upload_id}").status_code == 404
    assert stranger.post(f"/uploads/{upload_id}/delete").status_code == 404
    assert Upload.objects.count() == 1


def test_the_form_needs_its_token(person: User, plain: Path) -> None:
    strict = Client(enforce_csrf_checks=True)
    strict.force_login(person)
    assert _send(strict, plain, ai="no").status_code == 403
    token = strict.get("/upload").cookies["csrftoken"].value
    assert _send(strict, plain, ai="no", csrfmiddlewaretoken=token).status_code == 302


def _called(clip: Clip, provenance: Provenance, source_type: str) -> None:
    clip.video.origin, clip.video.provenance = "uploaded", provenance
    clip.video.prompt = clip.video.engine = ""
    clip.video.seed = None
    clip.video.digital_source_type = source_type
    clip.video.save()


@pytest.mark.parametrize(
    ("provenance", "source_type", "said", "linked"),
    [
        (Provenance.GENERATED, TRAINED, "AI-generated", "TrainedAlgorithmicMediaDigitalSource"),
        (
            Provenance.DECLARED,
            COMPOSITE,
            "Made or changed with AI, says its author",
            "CompositeWithTrainedAlgorithmicMediaDigitalSource",
        ),
        (Provenance.SUSPECTED, "", "May be AI-generated", None),
        (Provenance.NONE, "", "Nothing in its file points to AI", None),
    ],
)
def test_the_page_of_an_uploaded_clip_says_where_it_comes_from(
    provenance: Provenance, source_type: str, said: str, linked: str | None
) -> None:
    clip = make_clip(make_user("nova"), caption="</script> By the sea")
    _called(clip, provenance, source_type)
    html = Client().get(f"/clips/{clip.pk}").content.decode()
    assert said in html
    assert "The words it came from" not in html
    (text,) = LINKED_DATA.findall(html)
    data = json.loads(text)
    assert data["@type"] == "VideoObject"
    assert data["name"] == "</script> By the sea"
    assert data["creator"]["name"] == "nova"
    assert data["contentUrl"].endswith(f"/clips/{clip.pk}/files/video.mp4")
    assert data["thumbnailUrl"].endswith("/poster.webp")
    assert data["uploadDate"]
    expected = f"https://schema.org/{linked}" if linked else None
    assert data.get("digitalSourceType") == expected


def test_a_clip_without_words_is_called_its_authors(person: User, browser: Client) -> None:
    clip = make_clip(person)
    _called(clip, Provenance.NONE, "")
    assert "A clip by @mira" in browser.get(f"/clips/{clip.pk}").content.decode()
    assert "A clip by @mira" in browser.get("/@mira").content.decode()
    assert "A clip by @mira" in browser.get("/latest").content.decode()
