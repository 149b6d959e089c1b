"""API keys: shown once, hashed, revocable at once, and told apart by prefix."""

from datetime import timedelta

import pytest
from django.test import Client
from django.utils import timezone

from accounts.models import ApiKey
from accounts.services import MAX_KEYS, create_api_key, revoke_api_key
from tests.people import browser_of, make_user, program_of

pytestmark = pytest.mark.django_db

KEYS = "/api/v1/me/keys"
ME = "/api/v1/me"


def bearing(secret: str) -> Client:
    return Client(headers={"authorization": f"Bearer {secret}"})


def test_a_key_is_made_shown_once_used_and_revoked() -> None:
    browser = browser_of(make_user("ada"))

    made = browser.post(KEYS, {"name": "laptop"}, content_type="application/json")
    key = made.json()
    assert made.status_code == 201
    assert key["secret"].startswith("sk-")
    assert len(key["secret"]) >= 43
    assert key["secret"].startswith(key["prefix"])
    assert "secret" not in browser.get(KEYS).json()["data"][0]

    program = bearing(key["secret"])
    assert program.get(ME).json()["handle"] == "ada"

    assert browser.delete(f"{KEYS}/{key['id']}").status_code == 204
    refused = program.get(ME)
    assert refused.status_code == 401
    assert refused.headers["WWW-Authenticate"] == "Bearer"
    assert refused.json()["code"] == "invalid_api_key"
    assert browser.get(KEYS).json()["data"] == []


def test_only_a_digest_is_kept() -> None:
    key, secret = create_api_key(make_user(), name="x", now=timezone.now())
    stored = ApiKey.objects.values().get(pk=key.pk)
    assert secret not in str(stored)


@pytest.mark.parametrize(
    "header", ["Bearer sk-unknown", "Bearer ", "Bearer x y", "bearer \xff\xfe", "Bearer \0"]
)
def test_a_wrong_key_is_401(header: str) -> None:
    response = Client(headers={"authorization": header}).get(ME)
    assert response.status_code == 401
    assert response.headers["Content-Type"] == "application/problem+json"


def test_no_key_is_401_and_says_so() -> None:
    response = Client().get(ME)
    assert response.status_code == 401
    assert response.headers["WWW-Authenticate"] == "Bearer"
    assert response.json()["code"] == "missing_api_key"


def test_a_suspended_persons_key_opens_nothing() -> None:
    user = make_user()
    program = program_of(user)
    assert program.get(ME).status_code == 200
    user.is_active = False
    user.save()
    assert program.get(ME).status_code == 401


def test_another_persons_key_is_not_there() -> None:
    key, _ = create_api_key(make_user(), name="theirs", now=timezone.now())
    response = browser_of(make_user()).delete(f"{KEYS}/{key.pk}")
    assert response.status_code == 404
    key.refresh_from_db()
    assert key.revoked_at is None


def test_revoking_twice_keeps_the_first_moment() -> None:
    user, now = make_user(), timezone.now()
    key, _ = create_api_key(user, name="x", now=now)
    revoke_api_key(user, key.pk, now=now)
    revoke_api_key(user, key.pk, now=now + timedelta(days=1))
    key.refresh_from_db()
    assert key.revoked_at == now


def test_the_last_use_is_written_at_most_once_a_minute(django_assert_num_queries: object) -> None:
    user = make_user()
    program = program_of(user)
    program.get(ME)
    first = ApiKey.objects.get(owner=user).last_used_at
    program.get(ME)
    assert first is not None
    assert ApiKey.objects.get(owner=user).last_used_at == first

    ApiKey.objects.filter(owner=user).update(last_used_at=first - timedelta(minutes=2))
    program.get(ME)
    again = ApiKey.objects.get(owner=user).last_used_at
    assert again is not None
    assert again >= first


@pytest.mark.parametrize("name", ["", "   ", "x" * 61, "a\0b", None, 7, ["x"]])
def test_a_key_needs_a_plain_name(name: object) -> None:
    response = browser_of(make_user()).post(KEYS, {"name": name}, content_type="application/json")
    assert response.status_code == (201 if name == 7 else 400)
    if name != 7:
        assert "name" in response.json()["errors"]


def test_nobody_has_endlessly_many_keys() -> None:
    user = make_user()
    for number in range(MAX_KEYS):
        create_api_key(user, name=str(number), now=timezone.now())
    response = browser_of(user).post(KEYS, {"name": "more"}, content_type="application/json")
    assert response.status_code == 409
    assert response.json()["code"] == "too_many_keys"


def test_keys_are_listed_in_pages() -> None:
    user = make_user()
    for number in range(3):
        create_api_key(user, name=str(number), now=timezone.now())
    browser = browser_of(user)

    first = browser.get(KEYS, {"limit": 2}).json()
    second = browser.get(KEYS, {"limit": 2, "cursor": first["meta"]["next_cursor"]}).json()

    assert [key["name"] for key in first["data"] + second["data"]] == ["2", "1", "0"]
    assert second["meta"] == {"next_cursor": None, "has_more": False}


def test_a_session_without_csrf_token_changes_nothing() -> None:
    browser = Client(enforce_csrf_checks=True)
    browser.force_login(make_user())
    response = browser.post(KEYS, {"name": "x"}, content_type="application/json")
    assert response.status_code == 403
    assert ApiKey.objects.count() == 0
