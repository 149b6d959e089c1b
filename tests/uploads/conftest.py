"""A person who uploads."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from django.test import Client

from accounts.models import User
from tests.people import make_user, program_of
from tests.uploads.films import film

Send = Callable[..., Any]


@pytest.fixture
def person(db: None) -> User:
    return make_user("mira")


@pytest.fixture
def program(person: User) -> Client:
    return program_of(person)


@pytest.fixture(scope="session")
def plain(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """One second of film with sound, from which nothing can be told."""
    return film(tmp_path_factory.mktemp("films") / "holiday.mp4")


def send(client: Client, path: Path, **fields: Any) -> Any:
    with path.open("rb") as file:
        return client.post("/api/v1/uploads", {"file": file, "ai": "no", **fields})
