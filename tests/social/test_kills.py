"""A process killed in the middle leaves nothing half done: neither counts nor answers."""

import os
import signal
import subprocess
import sys
from datetime import timedelta
from pathlib import Path
from urllib.parse import quote

import pytest
from django.db import connection
from django.utils import timezone

from accounts.models import ApiKey, IdempotentReply
from accounts.replies import RESERVATION
from clips.models import Clip
from social.counting import add_waiting_counts
from social.services.liking import like
from tests.people import browser_of, make_clip, make_user

pytestmark = pytest.mark.django_db(transaction=True)

ROOT = Path(__file__).resolve().parents[2]
BEGIN = """
import os, signal, django
django.setup()
def die():
    os.kill(os.getpid(), signal.SIGKILL)
"""
ADD_AND_DIE = (
    BEGIN
    + """
from django.db import transaction
from social.counting import add_waiting_counts
with transaction.atomic():
    assert add_waiting_counts() == 1
    die()
"""
)
POST_AND_DIE = (
    BEGIN
    + """
import sys
from django.test import Client
from accounts import views
from accounts.models import User
browser = Client(headers={"host": "127.0.0.1"})
browser.force_login(User.objects.get(handle=sys.argv[1]))
create = views.create_api_key
def create_and_die(*args, **kwargs):
    create(*args, **kwargs)
    die()
views.create_api_key = create_and_die
browser.post("/api/v1/me/keys", {"name": "x"}, content_type="application/json",
             headers={"idempotency-key": "k"})
"""
)


def killed(script: str, *arguments: str) -> None:
    """Run `script` in a process of its own, on the database of the tests, until it dies."""
    there = connection.settings_dict
    host = quote(str(there["HOST"]), safe="")
    environ = os.environ | {
        "DATABASE_URL": f"postgresql://{there['USER']}@/{there['NAME']}?host={host}",
        "PYTHONPATH": f"{ROOT / 'platform'}{os.pathsep}{ROOT}",
    }
    command = [sys.executable, "-c", script, *arguments]
    done = subprocess.run(command, env=environ, cwd=ROOT, timeout=120, check=False)
    assert done.returncode == -signal.SIGKILL


def test_an_adder_killed_before_its_end_adds_nothing_and_loses_nothing() -> None:
    clip = make_clip(make_user())
    like(make_user(), clip.pk)

    killed(ADD_AND_DIE)
    assert Clip.objects.get(pk=clip.pk).like_count == 0

    assert add_waiting_counts() == 1
    assert Clip.objects.get(pk=clip.pk).like_count == 1


def test_a_request_killed_in_the_middle_is_done_once_when_it_is_repeated() -> None:
    user = make_user()
    killed(POST_AND_DIE, user.handle)
    assert ApiKey.objects.count() == 0

    def repeat() -> int:
        answer = browser_of(user).post(
            "/api/v1/me/keys",
            {"name": "x"},
            content_type="application/json",
            headers={"idempotency-key": "k"},
        )
        return answer.status_code

    assert repeat() == 409
    IdempotentReply.objects.update(created_at=timezone.now() - RESERVATION - timedelta(seconds=1))
    assert repeat() == repeat() == 201
    assert ApiKey.objects.count() == 1
