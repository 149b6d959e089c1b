"""Asking for a video by the form, and following it to its end."""

import os
import subprocess
import sys
from io import BytesIO

import pytest
from django.test import Client
from django.utils import timezone
from PIL import Image

from accounts.models import Role, User
from clips.models import Clip
from common.embedded.locations import ROOT
from common.ids import public_id
from generation.models import Job
from generation.orders import Order
from generation.services import request_generation
from tests.people import browser_of, make_clip, make_user

pytestmark = pytest.mark.django_db

ORDER = {
    "prompt": "a panda bouncing in the snow",
    "model": "reverie-small-2",
    "size": "720x1280",
    "seconds": "2",
    "seed": "7",
    "is_to_be_posted": "on",
    "caption": "First snow",
    "hashtags": "#calm, snow",
    "privacy": "public",
}


def job_of(owner: User, **columns: object) -> Job:
    job = request_generation(owner, Order(prompt="a red car at night"), now=timezone.now())
    Job.objects.filter(pk=job.pk).update(**columns)
    return job


def page_of(job: Job) -> str:
    return f"/create/{public_id('video', job.pk)}"


def test_an_order_becomes_a_job_and_its_page(person: User, browser: Client) -> None:
    response = browser.post("/create", ORDER, follow=True)
    job = Job.objects.get(owner=person)
    assert response.redirect_chain == [(page_of(job), 302)]
    assert (job.prompt, job.seed, job.hashtags) == (ORDER["prompt"], 7, ["calm", "snow"])
    assert job.is_to_be_posted
    html = response.content.decode()
    assert "Next in line" in html
    assert f"/v1/videos/{public_id('video', job.pk)}/events" in html
    assert ORDER["prompt"] in browser.get("/studio").content.decode()


@pytest.mark.parametrize(
    ("changed", "status", "message"),
    [
        ({"prompt": ""}, 422, "This field is required"),
        ({"prompt": "   "}, 422, "This field is required"),
        ({"prompt": "a" * 10_000}, 400, "at most 4000 characters"),
        ({"prompt": "a\0b"}, 422, "Null characters"),
        ({"size": "99x99"}, 422, "99x99 is not one of the available choices"),
        ({"seconds": "7"}, 422, "7 is not one of the available choices"),
        ({"model": "sora"}, 422, "sora is not one of the available choices"),
        ({"seed": "-1"}, 400, "A seed is a whole number"),
        ({"seed": "seven"}, 422, "Enter a whole number"),
        ({"steps": "9999"}, 400, "Steps are 1 to"),
        ({"caption": "a" * 501}, 400, "at most 500 characters"),
        ({"hashtags": "no! way?"}, 400, "letters, digits or underscores"),
        ({"prompt": "how to build a bomb"}, 400, "id_prompt_error"),
    ],
)
def test_what_is_wrong_is_said_beside_what_was_typed(
    browser: Client, changed: dict[str, str], status: int, message: str
) -> None:
    response = browser.post("/create", ORDER | changed)
    html = response.content.decode()
    assert (response.status_code, message in html) == (status, True)
    assert 'aria-invalid="true"' in html
    assert "First snow" in html or "caption" in changed
    assert not Job.objects.exists()


@pytest.mark.parametrize("prompt", ["🐼 في الثلج", "פנדה", "a — b “c”", "<b>bold</b>"])
def test_any_script_is_a_prompt(browser: Client, prompt: str) -> None:
    html = browser.post("/create", ORDER | {"prompt": prompt}, follow=True).content.decode()
    assert prompt.replace("<", "&lt;").replace(">", "&gt;") in html


def test_too_many_and_too_few_rights_are_told_in_the_form(browser: Client) -> None:
    for _ in range(5):
        browser.post("/create", ORDER)
    response = browser.post("/create", ORDER)
    assert (response.status_code, response["Retry-After"]) == (429, "10")
    assert b"in the making" in response.content
    viewer = browser_of(make_user(role=Role.VIEWER))
    assert viewer.post("/create", ORDER).status_code == 403


def test_a_job_is_its_owners_alone(person: User, clip: Clip) -> None:
    job = job_of(person)
    stranger = browser_of(clip.author)
    assert stranger.get(page_of(job)).status_code == 404
    for action in ("delete", "post"):
        assert stranger.post(f"{page_of(job)}/{action}").status_code == 404
    assert browser_of(person).get(page_of(job)).status_code == 200


def test_a_job_says_what_of_its_words_was_ignored(browser: Client) -> None:
    asked = ORDER | {"prompt": "a squirrel juggling at night"}
    html = browser.post("/create", asked, follow=True).content.decode()
    assert "Understood as</span> rabbit · night." in html
    assert "“squirrel” was taken for rabbit" in html
    assert "Ignored:</span> juggling" in html


def test_a_failed_job_says_why(person: User, browser: Client) -> None:
    job = job_of(person, state="failed", error_code="engine_error", error_message="Out of paint.")
    assert "Out of paint." in browser.get(page_of(job)).content.decode()
    assert "Out of paint." in browser.get("/studio").content.decode()


def test_the_words_of_a_job_can_be_changed_and_sent_again(person: User, browser: Client) -> None:
    job = job_of(person)
    html = browser.get(f"/create?from={public_id('video', job.pk)}").content.decode()
    assert "a red car at night" in html
    assert f'value="{job.seed}"' in html


def test_a_picture_is_sent_with_the_order_and_said_not_to_be_kept(
    person: User, browser: Client
) -> None:
    refused = browser.post("/create", ORDER | {"picture": BytesIO(b"no picture")})
    assert refused.status_code == 400
    html = refused.content.decode()
    assert "A picture is a JPEG, PNG or WebP file." in html
    assert "Choose the picture again" in html
    picture = BytesIO()
    Image.new("RGB", (60, 40), "red").save(picture, "PNG")
    picture.seek(0)
    html = browser.post("/create", ORDER | {"picture": picture}, follow=True).content.decode()
    assert "begins with a picture" in html
    job = Job.objects.get(owner=person)
    assert job.begins_with_picture
    again = browser.get(f"/create?from={public_id('video', job.pk)}").content.decode()
    assert "Choose the picture again" in again
    assert "Choose the picture again" not in browser.get("/create").content.decode()


def finished(owner: User) -> Job:
    """A completed job whose video lies in the store as its clip would, but is not posted."""
    clip = make_clip(owner, published=False)
    video = clip.video
    clip.delete()
    return job_of(owner, state="completed", completed_at=timezone.now(), video=video)


def test_a_finished_video_is_posted_once(person: User, browser: Client) -> None:
    job = finished(person)
    page = page_of(job)
    assert "Show it to others" in browser.get(page).content.decode()
    wrong = browser.post(f"{page}/post", {"caption": "a" * 501, "privacy": "public"})
    assert (wrong.status_code, b"at most 500" in wrong.content) == (400, True)
    words = {"caption": "Look", "hashtags": "calm", "privacy": "only_me"}
    assert browser.post(f"{page}/post", words).status_code == 302
    clip = Clip.objects.get(author=person)
    assert (clip.caption, clip.privacy, clip.state) == ("Look", "only_me", "submitted")
    html = browser.get(page).content.decode()
    assert "Being looked at" in html
    assert 'hx-trigger="every 2s"' in html
    assert browser.post(f"{page}/post", words).status_code == 409


def test_a_held_clip_tells_its_author_the_reason(person: User, browser: Client) -> None:
    job = finished(person)
    browser.post(f"{page_of(job)}/post", {"privacy": "public"})
    Clip.objects.update(state="held", reason="A person has to look at this.")
    for page in (page_of(job), "/studio", f"/clips/{Clip.objects.get().pk}"):
        html = browser.get(page).content.decode()
        assert "Held" in html
        assert "A person has to look at this." in html


def test_deleting_takes_the_job_away(person: User, browser: Client) -> None:
    job = job_of(person)
    assert browser.post(f"{page_of(job)}/delete", follow=True).redirect_chain[-1][0] == "/studio"
    assert browser.get(page_of(job)).status_code == 404
    assert browser.post(f"{page_of(job)}/delete").status_code == 404


def test_a_piece_of_the_page_is_enough_for_htmx(person: User, browser: Client) -> None:
    piece = browser.get(page_of(job_of(person)), headers={"HX-Request": "true"})
    assert b"<html" not in piece.content
    assert b'id="job"' in piece.content


def test_the_studio_goes_on_to_older_ones(person: User, browser: Client) -> None:
    for _ in range(21):
        job_of(person, state="failed")
    first = browser.get("/studio")
    assert len(first.context["jobs"]) == 20
    rest = browser.get("/studio", {"after": first.context["next_cursor"]})
    assert len(rest.context["jobs"]) == 1
    assert rest.context["next_cursor"] is None


def test_the_suggested_words_load_no_model() -> None:
    code = "import sys, web.words; sys.exit('torch' in sys.modules)"
    setup = "import django; django.setup(); "
    roots = os.pathsep.join([str(ROOT), str(ROOT / "platform")])
    done = subprocess.run(
        [sys.executable, "-c", setup + code], check=False, env=os.environ | {"PYTHONPATH": roots}
    )
    assert done.returncode == 0
