"""A creator, and ways to ask for a video and to have it made."""

from typing import Any

import pytest
from django.test import Client

from accounts.models import User
from tests.people import make_user, program_of

PROMPT = "a yellow star rising in the night sky"


@pytest.fixture
def creator(db: None) -> User:
    return make_user()


@pytest.fixture
def client(creator: User) -> Client:
    return program_of(creator)


def ask(client: Client, **order: Any) -> dict[str, Any]:
    """POST an order that is to be taken; the video object."""
    body = {"prompt": PROMPT, "size": "360x640", "num_inference_steps": 2} | order
    answer = client.post("/v1/videos", body, content_type="application/json")
    assert answer.status_code == 200, answer.content
    video: dict[str, Any] = answer.json()
    return video
