"""What anybody is told about a copy, through the page and the API, and what nobody is told."""

from collections.abc import Iterator
from datetime import timedelta
from io import BytesIO
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from django.conf import settings as django_settings
from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client
from django.urls import reverse
from django.utils import timezone
from PIL import Image
from pytest_django import Settings

from accounts.models import User
from bench.copies import cropped_and_enlarged, decoded, mp4, scaled
from bench.films import drawn
from clips.models import Clip, Video, Watermark
from clips.services import delete_clip, erase_video
from clips.watermarks import new_mark
from common.ids import public_id
from common.memory import valkey
from common.objects import store
from tests.marked import make_marked_clip
from tests.people import browser_of, make_user
from video.frames import Frames
from video.keyring import rotate_key

pytestmark = pytest.mark.django_db

ADDRESS = "/api/v1/verify"


@pytest.fixture(autouse=True)
def _fresh_limits() -> Iterator[None]:
    valkey().flushdb()
    yield


@pytest.fixture
def author() -> User:
    return make_user("secret_author")


@pytest.fixture
def clip(author: User, tmp_path: Path) -> Clip:
    return make_marked_clip(author, folder=tmp_path / "made")


def _stored(clip: Clip, name: str) -> bytes:
    with store().open_range(clip.video.renditions.get(name=name).digest) as content:
        return b"".join(content)


def _frames(clip: Clip) -> Frames:
    return decoded(_stored(clip, "video.mp4"))


def _asked(content: bytes, *, client: Client | None = None) -> Any:
    file = SimpleUploadedFile("whatever.bin", content)
    answer = (client or Client()).post(ADDRESS, {"file": file})
    assert answer.status_code == 200, answer.content
    return answer.json()


def test_the_file_as_it_left_says_everything(clip: Clip) -> None:
    told = _asked(_stored(clip, "video.mp4"))
    record = Watermark.objects.get()
    assert told["kind"] == "video"
    assert (told["manifest"]["state"], told["manifest"]["is_ai_generated"]) == ("trusted", True)
    assert told["manifest"]["watermark"] == told["watermark"]["id"] == f"{record.number:012x}"
    assert told["aigc"]["ProduceID"] == public_id("video", clip.video_id)
    assert told["watermark"]["key"] == record.key_name
    assert told["watermark"]["confidence"] > 0.5
    assert told["record_found_by"] == "watermark"
    made = told["made_here"]
    assert (made["engine"], made["provenance"], made["is_deleted"]) == (
        "small-1", "generated", False
    )  # fmt: skip
    assert made["clip_url"] == django_settings.REVERIE_URL + reverse("web:clip", args=[clip.pk])


def test_a_copy_without_metadata_cropped_or_at_half_size_is_still_known(clip: Clip) -> None:
    frames = _frames(clip)
    for copy, scale in ((scaled(frames, 0.5), 0.5), (cropped_and_enlarged(frames, 0.1), 1.11)):
        told = _asked(mp4(copy, crf=23))
        assert (told["manifest"]["state"], told["aigc"]) == ("none", None)
        assert told["made_here"]["clip_url"]
        assert told["watermark"]["scale"] == pytest.approx(scale, abs=0.02)


def test_pictures_are_known_too(clip: Clip) -> None:
    told = _asked(_stored(clip, "poster.webp"))
    assert (told["kind"], told["manifest"]["state"]) == ("picture", "trusted")
    assert told["aigc"]["Label"] == "1"
    assert told["made_here"] is not None
    screenshot = BytesIO()
    Image.fromarray(_frames(clip)[0]).save(screenshot, "PNG")
    told = _asked(screenshot.getvalue())
    assert (told["kind"], told["manifest"]["state"]) == ("picture", "none")
    assert told["record_found_by"] == "watermark"


def test_a_strangers_file_is_not_ours(clip: Clip) -> None:
    told = _asked(mp4(drawn(3, width=192, height=192, frames=4).frames, crf=23))
    assert told["manifest"]["state"] == "none"
    assert told["aigc"] is told["watermark"] is told["made_here"] is None
    assert told["record_found_by"] == ""


def test_what_is_deleted_is_still_known_to_be_from_here(clip: Clip, author: User) -> None:
    copy, made_at = mp4(_frames(clip), crf=23), Watermark.objects.get().made_at
    delete_clip(author, clip.pk, now=timezone.now())
    assert _asked(copy)["made_here"]["is_deleted"] is True
    erase_video(clip.video, actor=author, now=timezone.now())
    assert _asked(copy)["made_here"]["is_deleted"] is True
    Video.objects.all().delete()
    told = _asked(copy)["made_here"]
    assert (told["is_deleted"], told["clip_url"], told["engine"]) == (True, None, "small-1")
    assert abs(Watermark.objects.get().made_at - made_at) < timedelta(seconds=1)


def test_an_old_key_is_still_read_after_a_new_one_was_made(clip: Clip) -> None:
    rotate_key(django_settings.REVERIE_DATA / "watermark")
    assert new_mark().key.name != Watermark.objects.get().key_name
    assert _asked(mp4(_frames(clip), crf=23))["made_here"] is not None


def test_only_who_may_see_the_clip_is_told_where_it_is_and_nobody_who_made_it(
    clip: Clip, author: User
) -> None:
    Clip.objects.update(privacy="only_me")
    copy = mp4(_frames(clip), crf=23)
    owned, stranger = _asked(copy, client=browser_of(author)), _asked(copy)
    assert owned["made_here"]["clip_url"]
    assert stranger["made_here"]["clip_url"] is None
    for told in (owned, stranger):
        assert author.handle not in str(told)
        assert "private prompt" not in str(told)


def test_an_address_of_ours_is_read_from_the_store_and_no_other_is_fetched(
    clip: Clip, author: User
) -> None:
    def ask(url: str, client: Client | None = None) -> Any:
        return (client or Client()).post(ADDRESS, {"url": url}, content_type="application/json")

    page = reverse("web:clip", args=[clip.pk])
    file = reverse("clips:file", args=[clip.pk, "poster.webp"])
    assert ask(django_settings.REVERIE_URL + page).json()["kind"] == "video"
    assert ask(file).json()["kind"] == "picture"
    for url in ("http://elsewhere.example" + page, "http://169.254.169.254/", "file:///etc/passwd",
                "/about", "", "x", "//elsewhere.example" + page):  # fmt: skip
        assert ask(url).status_code == 400, url
    valkey().flushdb()
    Clip.objects.update(privacy="only_me")
    assert ask(page).status_code == 404
    assert ask(page, browser_of(author)).status_code == 200


def test_what_is_no_video_and_no_picture_is_refused_and_nothing_is_kept(clip: Clip) -> None:
    workshop = django_settings.REVERIE_DATA / "workshop"
    broken = _stored(clip, "video.mp4")[:3000]
    for content in (b"", b"no picture", b"\x89PNG\r\n\x1a\n" + b"x" * 50, broken,
                    b"GIF89a" + b"\0" * 90):  # fmt: skip
        answer = Client().post(ADDRESS, {"file": SimpleUploadedFile("a.mp4", content)})
        assert answer.status_code == 400, content[:20]
        assert answer["content-type"].startswith("application/problem+json")
    assert Client().post(ADDRESS, {}).status_code == 400
    assert not list(workshop.glob("verify-*"))


def test_a_picture_that_would_cost_too_much_is_not_opened() -> None:
    bomb = BytesIO()
    Image.fromarray(np.zeros((12_000, 9_000), np.uint8)).save(bomb, "PNG")
    answer = Client().post(ADDRESS, {"file": SimpleUploadedFile("a.png", bomb.getvalue())})
    assert answer.status_code == 400
    assert "pixels" in answer.json()["detail"] or "opened" in answer.json()["detail"]


def test_it_is_free_and_not_without_end(settings: Settings) -> None:
    settings.VERIFY_RATE = "2/min"
    picture = BytesIO()
    Image.new("RGB", (80, 80), "teal").save(picture, "PNG")
    for _ in range(2):
        assert _asked(picture.getvalue())["made_here"] is None
    file = SimpleUploadedFile("a.png", picture.getvalue())
    refused = Client().post(ADDRESS, {"file": file})
    assert refused.status_code == 429
    assert int(refused["Retry-After"]) > 0
    page = Client().post("/verify", {"file": SimpleUploadedFile("a.png", picture.getvalue())})
    assert page.status_code == 429, "the page counts with the API"


def test_the_page_says_it_in_words_without_a_login(clip: Clip) -> None:
    assert Client().get("/verify").status_code == 200
    copy = SimpleUploadedFile("copy.mp4", mp4(_frames(clip), crf=23))
    page = Client().post("/verify", {"file": copy}).content.decode()
    assert "Made here, by a machine" in page
    assert f"{Watermark.objects.get().number:012x}" in page
    by_address = Client().post("/verify", {"url": reverse("web:clip", args=[clip.pk])})
    assert "signed by us" in by_address.content.decode()
    plain = BytesIO()
    Image.new("RGB", (80, 80), "teal").save(plain, "PNG")
    nothing = Client().post("/verify", {"file": SimpleUploadedFile("a.png", plain.getvalue())})
    assert "does not mean that it is real" in nothing.content.decode()
    assert Client().post("/verify", {}).status_code == 422
    refused = Client().post("/verify", {"file": SimpleUploadedFile("a.txt", b"words")})
    assert refused.status_code == 400
    assert "MP4" in refused.content.decode()
