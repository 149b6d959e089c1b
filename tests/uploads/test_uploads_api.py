"""Uploading, as programs see it."""

from collections.abc import Callable
from datetime import timedelta
from hashlib import sha256
from pathlib import Path
from threading import Thread
from time import monotonic, sleep
from typing import Any
from uuid import UUID

import pytest
from django.db import connection
from django.test import Client
from django.utils import timezone
from pytest_django import Settings

from accounts.models import Role, User
from clips.models import Clip, Rendition
from common.objects import originals, store
from moderation.services.hashes import import_hashes, unban
from tests.people import make_user, program_of
from tests.uploads.conftest import send
from tests.uploads.films import film
from uploads.models import Upload
from uploads.processing.lease import claim
from uploads.processing.originals import WORKSHOP_PREFIX, workshop
from uploads.processing.processing import process
from uploads.processing.sweep import take_back, tidy

pytestmark = pytest.mark.django_db(transaction=True)


def test_a_file_is_taken_and_becomes_a_clip(program: Client, plain: Path) -> None:
    answer = send(program, plain, caption="By the sea", hashtags="#sea, calm", privacy="followers")
    assert answer.status_code == 202, answer.content
    told = answer.json()
    assert (told["status"], told["name"], told["clip_id"]) == ("received", "holiday.mp4", None)

    process(Upload.objects.get().pk)
    told = program.get(f"/api/v1/uploads/{told['id']}").json()
    assert (told["status"], told["provenance"], told["error"]) == ("completed", "none", None), told
    clip = program.get(f"/api/v1/clips/{told['clip_id']}").json()
    assert (clip["caption"], clip["hashtags"], clip["privacy"]) == (
        "By the sea", ["sea", "calm"], "followers",
    )  # fmt: skip
    assert (clip["state"], clip["provenance"], clip["prompt"]) == ("submitted", "none", "")


def test_who_may_not_and_what_is_not_taken(program: Client, plain: Path, tmp_path: Path) -> None:
    assert send(Client(), plain).status_code == 401
    viewer = program_of(make_user(role=Role.VIEWER))
    assert send(viewer, plain).status_code == 403

    letter = tmp_path / "letter.mp4"
    letter.write_text("Dear Sir or Madam")
    refused = send(program, letter)
    assert (refused.status_code, refused.json()["code"]) == (400, "unsupported_video")
    assert "MP4" in refused.json()["errors"]["file"][0]

    missing = program.post("/api/v1/uploads", {"ai": "no"})
    assert (missing.status_code, list(missing.json()["errors"])) == (400, ["file"])
    undeclared = send(program, plain, ai="perhaps")
    assert (undeclared.status_code, list(undeclared.json()["errors"])) == (400, ["ai"])
    json = program.post("/api/v1/uploads", {"ai": "no"}, content_type="application/json")
    assert json.status_code == 415
    assert not Upload.objects.exists()
    assert send(program, plain).status_code == 202


def test_words_that_are_never_allowed_are_refused_at_the_door(
    program: Client, plain: Path, settings: Settings
) -> None:
    refused = send(program, plain, caption="child porn")
    assert (refused.status_code, refused.json()["code"]) == (400, "moderation_blocked")
    assert not Upload.objects.exists()


def test_a_banned_file_is_refused_at_the_door_and_nothing_of_it_is_kept(
    program: Client, plain: Path, tmp_path: Path
) -> None:
    moderator = make_user("ada", role=Role.MODERATOR)
    file = film(tmp_path / "banned.mp4", seconds=1.25)
    digest = sha256(file.read_bytes()).hexdigest()
    source: dict[str, Any] = {
        "bank": "partner",
        "category": "hate",
        "source": "a hotline",
        "now": timezone.now(),
    }
    ban = import_hashes(moderator, [f"video_sha256 {digest}"], **source).ban
    refused = send(program, file)
    assert (refused.status_code, refused.json()["code"]) == (400, "moderation_blocked")
    assert "removed for breaking the rules" in refused.json()["errors"]["file"][0]
    assert not Upload.objects.exists()
    assert not originals().exists(digest)
    assert send(program, plain).status_code == 202
    unban(moderator, ban.pk, now=timezone.now())
    assert send(program, file).status_code == 202
    assert originals().exists(digest)


def test_a_file_that_is_too_large_is_refused(
    program: Client, plain: Path, settings: Settings
) -> None:
    settings.UPLOAD_MAX_BYTES = 1000
    refused = send(program, plain)
    assert (refused.status_code, refused.json()["code"]) == (400, "file_too_large")
    settings.LARGE_BODIES = {"/api/v1/uploads": 1000}
    assert send(program, plain).status_code == 413


def test_only_the_doors_for_uploads_take_large_bodies(program: Client) -> None:
    body = b"x" * (21 * 1024 * 1024)
    for path, status in {"/api/v1/clips": 413, "/api/v1/uploads": 400}.items():
        answer = program.post(path, body, content_type="multipart/form-data; boundary=x")
        assert answer.status_code == status, path


def test_nobody_else_learns_of_it_or_takes_it_away(
    program: Client, plain: Path, person: User
) -> None:
    address = f"/api/v1/uploads/{send(program, plain).json()['id']}"
    stranger = program_of(make_user())
    assert stranger.get(address).status_code == stranger.delete(address).status_code == 404
    assert stranger.get("/api/v1/uploads").json()["data"] == []
    assert len(program.get("/api/v1/uploads").json()["data"]) == 1
    assert program.delete(address).status_code == 204
    assert program.get(address).status_code == 404


def test_a_person_has_only_so_many_in_the_works(
    program: Client, plain: Path, settings: Settings
) -> None:
    settings.UPLOADS_PER_USER = 1
    assert send(program, plain).status_code == 202
    refused = send(program, plain)
    assert (refused.status_code, refused["Retry-After"]) == (429, "20")
    process(Upload.objects.get().pk)
    assert send(program, plain).status_code == 202


def test_the_same_key_uploads_once(program: Client, plain: Path) -> None:
    answers = []
    for _ in range(2):
        with plain.open("rb") as file:
            answers.append(
                program.post(
                    "/api/v1/uploads",
                    {"file": file, "ai": "no"},
                    headers={"Idempotency-Key": "once"},
                )
            )
    assert answers[0].json() == answers[1].json()
    assert answers[1]["Idempotent-Replayed"] == "true"
    assert Upload.objects.count() == 1


def test_nothing_of_the_file_stays_behind(program: Client, plain: Path) -> None:
    upload = Upload.objects.get(pk=send(program, plain).json()["id"])
    twin = Upload.objects.get(pk=send(program, plain).json()["id"])
    assert originals().exists(upload.digest)
    process(upload.pk)
    assert originals().exists(upload.digest), "its twin still waits"
    process(twin.pk)
    assert not originals().exists(upload.digest)
    assert list(workshop().glob(f"{WORKSHOP_PREFIX}*")) == []


@pytest.mark.parametrize("deleted", ["upload", "clip"])
def test_deleting_the_clip_or_the_upload_deletes_both_and_the_files(
    program: Client, plain: Path, deleted: str
) -> None:
    upload = Upload.objects.get(pk=send(program, plain).json()["id"])
    process(upload.pk)
    clip = Clip.objects.get()
    digests = list(Rendition.objects.values_list("digest", flat=True))
    address = f"/api/v1/uploads/{upload.pk}" if deleted == "upload" else f"/api/v1/clips/{clip.pk}"
    assert program.delete(address).status_code == 204
    tidy(now=timezone.now())
    assert program.get(f"/api/v1/uploads/{upload.pk}").status_code == 404
    assert program.get(f"/api/v1/clips/{clip.pk}").status_code == 404
    assert not Rendition.objects.exists()
    assert not any(store().exists(digest) for digest in digests)


@pytest.mark.parametrize(
    ("name", "made", "code"),
    [
        ("too long", {"seconds": 3.0}, "video_too_long"),
        ("a strange shape", {"size": (640, 64)}, "invalid_video"),
        ("an old codec", {"codecs": ("mpeg4", None)}, "unsupported_codec"),
    ],
)
def test_what_can_not_be_taken_says_why(
    program: Client, tmp_path: Path, settings: Settings, name: str, made: Any, code: str
) -> None:
    settings.UPLOAD_SECONDS = 2
    upload_id = send(program, film(tmp_path / "a.mp4", **made)).json()["id"]
    process(Upload.objects.get().pk)
    told = program.get(f"/api/v1/uploads/{upload_id}").json()
    assert (told["status"], told["error"]["code"]) == ("failed", code), name
    assert told["error"]["message"]
    assert not Clip.objects.exists()
    assert not originals().exists(Upload.objects.get().digest)


def test_a_damaged_file_is_refused_in_words(program: Client, tmp_path: Path) -> None:
    whole = film(tmp_path / "a.mp4").read_bytes()
    (tmp_path / "half.mp4").write_bytes(whole[:600])
    upload_id = send(program, tmp_path / "half.mp4").json()["id"]
    process(Upload.objects.get().pk)
    told = program.get(f"/api/v1/uploads/{upload_id}").json()
    assert (told["status"], told["error"]["code"]) == ("failed", "invalid_video")


def test_a_worker_that_is_gone_costs_a_try_and_three_give_up(program: Client, plain: Path) -> None:
    send(program, plain)
    upload = Upload.objects.get()
    for attempt in range(3):
        lease = claim(upload.pk)
        assert lease is not None
        assert claim(upload.pk) is None, "two have it"
        upload.refresh_from_db()
        assert upload.attempts == attempt + 1
        take_back(now=timezone.now() + timedelta(minutes=1))
        assert not lease.extend(), "the dead one comes back"
    upload.refresh_from_db()
    assert (upload.state, upload.error_code) == ("failed", "worker_lost")


def test_deleting_it_while_it_is_read_stops_the_work(
    program: Client, tmp_path: Path, settings: Settings
) -> None:
    settings.UPLOAD_LEASE_SECONDS = 0.4
    upload_id = send(program, film(tmp_path / "a.mp4", seconds=20)).json()["id"]
    worker = Thread(target=_processed, args=[Upload.objects.get().pk])
    worker.start()
    _until(lambda: Upload.objects.get().state == "processing")
    assert program.delete(f"/api/v1/uploads/{upload_id}").status_code == 204
    worker.join(timeout=30)
    assert not worker.is_alive()
    assert Upload.objects.get().state == "deleted"
    assert not Clip.objects.exists()


def _processed(upload_id: UUID) -> None:
    try:
        process(upload_id)
    finally:
        connection.close()


def _until(condition: Callable[[], bool], *, seconds: float = 20) -> None:
    end = monotonic() + seconds
    while not condition():
        assert monotonic() < end
        sleep(0.02)
