"""Uploading, as programs see it."""

from pathlib import Path

import pytest
from django.test import Client

from accounts.models import Role, User
from tests.people import make_user, program_of
from tests.uploads.conftest import send
from uploads.models import Upload
from uploads.processing.processing import process

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
