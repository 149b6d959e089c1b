"""A person with a browser, and a stranger's clip to look at."""

import pytest
from django.test import Client

from accounts.models import User
from clips.models import Clip
from tests.people import browser_of, make_clip, make_user


@pytest.fixture
def person(db: None) -> User:
    return make_user("mira")


@pytest.fixture
def browser(person: User) -> Client:
    return browser_of(person)


@pytest.fixture
def clip(db: None) -> Clip:
    return make_clip(make_user("nova"), caption="First snow", hashtags=["calm"])
