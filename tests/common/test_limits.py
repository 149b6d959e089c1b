"""Limits: counted per person or address, told with a time to wait, and never an outage."""

import time
from typing import Any

import pytest
from django.test import Client

from common import limits
from common.memory import valkey
from common.rates import parsed_rate
from tests.people import make_user, program_of

FEED = "/api/v1/feed"


@pytest.mark.parametrize(("rate", "parsed"), [("5/s", (5, 1)), ("240/min", (240, 60))])
def test_a_rate_is_a_number_per_time(rate: str, parsed: tuple[int, int]) -> None:
    assert parsed_rate(rate) == parsed
    for wrong in ("5", "x/min", "5/day", ""):
        with pytest.raises(ValueError):
            parsed_rate(wrong)


@pytest.mark.django_db
def test_visitors_share_their_address_and_people_have_their_own_count(settings: Any) -> None:
    settings.VISITOR_RATE, settings.PERSON_RATE = "2/min", "3/min"
    ada, bob = program_of(make_user()), program_of(make_user())

    def statuses(client: Client, times: int) -> list[int]:
        return [client.get(FEED).status_code for _ in range(times)]

    assert statuses(Client(), 2) == [200, 200]
    assert statuses(Client(headers={"x-forwarded-for": "203.0.113.9"}), 1) == [429]
    assert statuses(ada, 4) == [200, 200, 200, 429]
    assert statuses(bob, 1) == [200]


@pytest.mark.django_db
def test_who_is_over_the_limit_is_told_when_to_come_back(settings: Any) -> None:
    settings.VISITOR_RATE = "1/min"
    Client().get(FEED)
    for path, kind in ((FEED, "problem+json"), ("/v1/models", "json")):
        refused = Client().get(path)
        if refused.status_code == 401:
            continue
        assert refused.status_code == 429
        assert 1 <= int(refused.headers["Retry-After"]) <= 60
        assert refused.headers["Content-Type"].endswith(kind)


@pytest.mark.django_db
def test_without_valkey_nobody_is_turned_away_or_kept_waiting(
    monkeypatch: pytest.MonkeyPatch, settings: Any
) -> None:
    settings.VALKEY_URL = "unix:///nowhere/valkey.sock"
    monkeypatch.setattr(limits, "valkey", valkey.__wrapped__)
    began = time.monotonic()
    assert Client().get(FEED).status_code == 200
    assert time.monotonic() - began < 1
