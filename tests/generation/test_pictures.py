"""Videos that begin with a picture somebody sent: taken safely, judged first, then forgotten."""

import json
from base64 import b64encode
from collections.abc import Iterator
from datetime import timedelta
from io import BytesIO
from pathlib import Path
from typing import Any
from uuid import UUID

import numpy as np
import pytest
import yaml
from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client
from django.utils import timezone
from PIL import Image
from pytest_django import Settings

from accounts.models import Role, User
from common.ids import public_id
from generation.models import InputPicture, Job
from generation.rendering.lease import claim_next
from generation.rendering.rendering import render_next
from generation.rendering.sweep import sweep_jobs
from generation.services import delete_job
from moderation.classifiers.hashing import picture_of
from moderation.classifiers.isolation import stop_idle
from moderation.classifiers.pdq import pdq
from moderation.models.appeals import Appeal
from moderation.models.judging import Decision, Signal, Subject
from moderation.models.statements import Statement
from moderation.services.appeals import decide_appeal
from moderation.services.hashes import import_hashes
from moderation.services.statements import exported_batches
from tests.generation.conftest import PROMPT, ask
from tests.moderation.test_pdq import painted
from tests.people import make_user
from video.frames import Frame
from video.sampling import sample_frames

pytestmark = pytest.mark.django_db(transaction=True)

WIDTH, HEIGHT = 360, 640


@pytest.fixture(autouse=True)
def _calm(settings: Settings) -> Iterator[None]:
    settings.FRAME_DETECTORS = ["tests.moderation.detectors.Calm"]
    yield
    stop_idle()


def scene() -> Image.Image:
    """A green hill under a blue sky with a red ball, as the small model might draw it."""
    pixels = np.zeros((HEIGHT, WIDTH, 3), dtype=np.uint8)
    pixels[:] = (120, 180, 240)
    pixels[HEIGHT * 2 // 3 :] = (80, 160, 70)
    rows, columns = np.mgrid[:HEIGHT, :WIDTH]
    pixels[(rows - 330) ** 2 + (columns - 180) ** 2 < 70**2] = (210, 40, 40)
    return Image.fromarray(pixels)


def file_of(picture: Image.Image, kind: str = "PNG", **options: Any) -> bytes:
    output = BytesIO()
    picture.save(output, kind, **options)
    return output.getvalue()


def uploaded(data: bytes, name: str = "picture.png") -> SimpleUploadedFile:
    return SimpleUploadedFile(name, data, "image/png")


def data_url(data: bytes, kind: str = "png") -> str:
    return f"data:image/{kind};base64,{b64encode(data).decode()}"


def job_of(video: dict[str, Any]) -> Job:
    return Job.objects.get(pk=UUID(video["id"].removeprefix("video_")))


def first_frame(client: Client, job: Job) -> Frame:
    answer = client.get(f"/v1/videos/{public_id('video', job.pk)}/content")
    content = b"".join(answer.streaming_content)  # type: ignore[attr-defined]
    return sample_frames(content, count=1)[0].frame


def likeness(one: Frame, other: Frame) -> float:
    """Peak signal-to-noise ratio in decibel, of the part without the label."""
    middle = slice(HEIGHT // 8, HEIGHT * 7 // 8)
    error = (one[middle].astype(float) - other[middle].astype(float)) ** 2
    return float(10 * np.log10(255**2 / error.mean()))


def test_a_form_sends_it_as_a_file_and_the_video_begins_with_it(client: Client) -> None:
    form = {"prompt": PROMPT, "size": "360x640", "input_reference": uploaded(file_of(scene()))}
    answer = client.post("/v1/videos", form)
    assert answer.status_code == 200, answer.content
    assert answer.json()["begins_with_picture"] is True
    render_next()
    job = job_of(answer.json())
    assert job.state == "completed", job.error_message
    with_it = likeness(first_frame(client, job), np.asarray(scene()))

    ask(client, seed=job.seed)
    render_next()
    without = Job.objects.latest("pk")
    assert not without.begins_with_picture
    assert with_it > likeness(first_frame(client, without), np.asarray(scene())) + 6


def test_json_sends_it_as_a_data_url_and_so_may_a_form(client: Client) -> None:
    reference = {"image_url": data_url(file_of(scene(), "JPEG"), "jpeg")}
    assert ask(client, input_reference=reference)["begins_with_picture"]
    for given in (
        {"input_reference": json.dumps(reference)},
        {"input_reference[image_url]": reference["image_url"]},
    ):
        answer = client.post("/v1/videos", {"prompt": PROMPT, "size": "360x640", **given})
        assert answer.status_code == 200, answer.content
    kept = {bytes(one.data) for one in InputPicture.objects.all()}
    assert len(kept) == 1
    assert ask(client, input_reference=None)["begins_with_picture"] is False


def test_it_is_cut_to_the_shape_upright_and_without_what_the_file_tells(client: Client) -> None:
    wide = Image.new("RGB", (900, 500), "blue")
    wide.paste("red", (300, 0, 600, 500))
    told = Image.Exif()
    told[0x0112] = 6  # turned by a quarter
    told[0x010F] = "a camera"
    ask(client, input_reference={"image_url": data_url(file_of(wide, "JPEG", exif=told), "jpeg")})
    with Image.open(BytesIO(bytes(InputPicture.objects.get().data))) as kept:
        assert (kept.format, kept.size) == ("WEBP", (WIDTH, HEIGHT))
        assert not kept.getexif()
        middle, top = kept.getpixel((180, 320)), kept.getpixel((180, 20))
    assert isinstance(middle, tuple)
    assert isinstance(top, tuple)
    assert middle[0] > 200 > middle[2]
    assert top[2] > 200 > top[0]


@pytest.mark.parametrize(
    "data",
    [
        b"",
        b"no picture",
        b"\x89PNG\r\n\x1a\n" + b"\0" * 100,
        b"RIFF\0\0\0\0WEBPVP8 ",
        file_of(Image.new("RGB", (64, 64)), "GIF"),
        file_of(Image.new("RGB", (64, 64)), "BMP"),
        file_of(scene())[:-2000],
        file_of(Image.new("1", (8000, 8000))),
        file_of(Image.new("L", (20_000, 20_000))),
        b"\xff\xd8\xff" + b"\0" * (10 * 1024 * 1024),
        b"<svg xmlns='http://www.w3.org/2000/svg'/>",
    ],
    ids=lambda data: f"{data[:4]!r}{len(data)}",
)
def test_what_is_no_picture_or_too_much_of_one_is_refused(client: Client, data: bytes) -> None:
    answer = client.post("/v1/videos", {"prompt": PROMPT, "input_reference": uploaded(data)})
    assert answer.status_code == 400, answer.content
    error = answer.json()["error"]
    assert (error["code"], error["param"]) == ("invalid_picture", "input_reference")
    assert error["message"]
    assert not Job.objects.exists()


@pytest.mark.parametrize(
    "reference",
    [
        {"image_url": "https://example.org/cat.png"},
        {"image_url": "http://127.0.0.1:8000/cat.png"},
        {"image_url": "file:///etc/passwd"},
        {"image_url": "data:image/svg+xml;base64,PHN2Zy8+"},
        {"image_url": "data:image/png;base64,%%%"},
        {"image_url": "data:image/png,abc"},
        {"image_url": None},
        {"file_id": "file_123"},
        {},
        [],
        "data:image/png;base64,AAAA",
        7,
    ],
)
def test_nothing_is_fetched_and_nothing_guessed(client: Client, reference: Any) -> None:
    body = {"prompt": PROMPT, "input_reference": reference}
    answer = client.post("/v1/videos", body, content_type="application/json")
    assert answer.status_code == 400, answer.content
    assert answer.json()["error"]["param"] == "input_reference"
    assert not Job.objects.exists()


@pytest.mark.parametrize(
    ("use", "sent", "code"),
    [
        ("none", {"image_url": data_url(file_of(scene()))}, "unsupported_parameter"),
        ("required", None, "invalid_value"),
    ],
)
def test_an_engine_says_whether_it_begins_with_one(
    client: Client, settings: Settings, tmp_path: Path, use: str, sent: Any, code: str
) -> None:
    entry = yaml.safe_load(settings.ENGINES_FILE.read_text())["engines"][0]
    settings.ENGINES_FILE = tmp_path / "engines.yaml"
    settings.ENGINES_FILE.write_text(yaml.safe_dump({"engines": [entry | {"picture": use}]}))
    assert client.get("/v1/models").json()["data"][0]["input_reference"] == use
    body = {"prompt": PROMPT, "input_reference": sent}
    answer = client.post("/v1/videos", body, content_type="application/json")
    assert answer.status_code == 400
    error = answer.json()["error"]
    assert (error["code"], error["param"]) == (code, "input_reference")


def test_another_picture_is_another_request(client: Client) -> None:
    def send(picture: Image.Image) -> Any:
        form = {"prompt": PROMPT, "input_reference": uploaded(file_of(picture))}
        return client.post("/v1/videos", form, headers={"Idempotency-Key": "once"})

    first, again, other = send(scene()), send(scene()), send(Image.new("RGB", (64, 64)))
    assert first.json()["id"] == again.json()["id"]
    assert other.status_code == 409
    assert InputPicture.objects.count() == 1


def test_it_is_kept_until_the_job_has_ended_and_no_longer(client: Client, creator: User) -> None:
    reference = {"image_url": data_url(file_of(scene()))}
    made, deleted, lost = (ask(client, input_reference=reference) for _ in range(3))
    render_next()
    assert job_of(made).state == "completed"
    delete_job(creator, job_of(deleted).pk, now=timezone.now())
    lease = claim_next()
    assert lease is not None
    assert lease.job == job_of(lost)
    Job.objects.filter(pk=lease.job.pk).update(lease_until=timezone.now())
    assert sweep_jobs(now=timezone.now())
    assert [one.job_id for one in InputPicture.objects.all()] == [lease.job.pk]
    render_next()
    assert job_of(lost).state == "completed"
    sweep_jobs(now=timezone.now())
    assert not InputPicture.objects.exists()


@pytest.mark.parametrize("mood", ["Alarmed", "Unsure", "Raising", "Silent"])
def test_what_is_not_surely_fine_is_not_begun_with(
    client: Client, settings: Settings, mood: str
) -> None:
    settings.FRAME_DETECTORS = [f"tests.moderation.detectors.{mood}"]
    asked = ask(client, input_reference={"image_url": data_url(file_of(scene()))})
    render_next()
    video = client.get(f"/v1/videos/{asked['id']}").json()
    assert video["status"] == "failed"
    assert video["error"]["code"] == "moderation_blocked"
    assert "picture was not accepted" in video["error"]["message"]
    assert job_of(asked).video is None
    decision = Decision.objects.get(subject=Subject.PICTURE)
    assert decision.verdict in {"block", "review"}
    assert decision.reason == video["error"]["message"]
    statement = Statement.objects.get(decision=decision)
    assert (statement.restriction, statement.about) == ("picture_refused", job_of(asked).owner)
    day = timedelta(days=1)
    (text,) = exported_batches(timezone.now() - day, timezone.now() + day, size=100)
    assert [one["content_type"] for one in json.loads(text)["statements"]] == [
        ["CONTENT_TYPE_IMAGE"]
    ]
    assert Signal.objects.filter(digest=decision.digest, detector="hash_bank").exists()


def test_an_appeal_lets_the_very_picture_pass_and_no_other(
    client: Client, settings: Settings
) -> None:
    settings.FRAME_DETECTORS = ["tests.moderation.detectors.Unsure"]
    allowed, other = (
        {"image_url": data_url(file_of(one))} for one in (scene(), Image.new("RGB", (64, 64)))
    )
    ask(client, input_reference=allowed)
    render_next()
    statement = Statement.objects.get(restriction="picture_refused")
    path = f"/api/v1/statements/{statement.pk}/appeal"
    why = {"text": "It is a ball on a hill."}
    assert client.post(path, why, content_type="application/json").status_code == 201
    reviewer, now = make_user(role=Role.MODERATOR), timezone.now()
    decide_appeal(reviewer, Appeal.objects.get().pk, upheld=False, reason="It is.", now=now)
    jobs = [ask(client, input_reference=one) for one in (allowed, other)]
    render_next()
    render_next()
    assert [job_of(one).state for one in jobs] == ["completed", "failed"]


def test_what_looks_like_something_banned_is_not_begun_with(client: Client) -> None:
    banned, other = (painted(seed, HEIGHT, WIDTH) for seed in (1, 2))
    found = pdq(picture_of(banned)).value.hex()
    moderator = make_user(role=Role.MODERATOR)
    import_hashes(moderator, [found], bank="ours", category="gore", source="x", now=timezone.now())
    jobs = [
        ask(client, input_reference={"image_url": data_url(file_of(Image.fromarray(one)))})
        for one in (banned, other)
    ]
    render_next()
    render_next()
    assert [job_of(one).state for one in jobs] == ["failed", "completed"]
    assert job_of(jobs[0]).error_code == "moderation_blocked"
    assert Decision.objects.filter(subject=Subject.PICTURE, categories=["gore"]).exists()
