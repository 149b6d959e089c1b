"""`Idempotency-Key`: asked often, done once."""

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from typing import Any

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.db import connection
from django.utils import timezone
from rest_framework.parsers import MultiPartParser
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.test import APIRequestFactory, force_authenticate
from rest_framework.views import APIView

from accounts.idempotency import idempotent
from accounts.models import ApiKey, IdempotentReply, User
from accounts.replies import RESERVATION, Reservation, forget_replies, reserve
from accounts.services import create_api_key
from common.errors import Refused
from tests.people import browser_of, make_user

pytestmark = pytest.mark.django_db(transaction=True)

KEYS = "/api/v1/me/keys"


def post(user: User, name: str = "laptop", *, key: str = "k-1") -> Any:
    return browser_of(user).post(
        KEYS, {"name": name}, content_type="application/json", headers={"idempotency-key": key}
    )


def age_replies(by: timedelta) -> None:
    IdempotentReply.objects.update(created_at=timezone.now() - by)


def test_the_same_request_is_answered_again_and_not_done_again() -> None:
    user = make_user()
    first, second = post(user), post(user)

    assert first.status_code == second.status_code == 201
    assert "Idempotent-Replayed" not in first.headers
    assert second.headers["Idempotent-Replayed"] == "true"
    assert second.json() == first.json() | {"secret": None}
    assert ApiKey.objects.count() == 1
    assert first.json()["secret"] not in IdempotentReply.objects.get().body


def test_the_key_of_another_request_or_person() -> None:
    user = make_user()
    post(user)

    other_body = post(user, "phone")
    assert other_body.status_code == 409
    assert other_body.json()["code"] == "idempotency_key_reused"
    assert post(make_user()).status_code == 201
    assert post(user, "phone", key="k-2").status_code == 201


@pytest.mark.parametrize("key", ["", "x" * 256, "a\x01b", "ключ"])
def test_a_key_is_short_printable_ascii(key: str) -> None:
    response = post(make_user(), key=key)
    assert response.status_code == 400
    assert response.json()["code"] == "invalid_idempotency_key"


def test_a_refusal_is_not_remembered() -> None:
    user = make_user()
    assert post(user, "").status_code == 400
    assert IdempotentReply.objects.count() == 0
    assert post(user, "laptop").status_code == 201


def test_while_the_first_is_answered_others_wait_until_it_is_given_up() -> None:
    user = make_user()
    post(user)
    IdempotentReply.objects.update(status=None, body="")

    waiting = post(user)
    assert waiting.status_code == 409
    assert int(waiting.headers["Retry-After"]) >= 1
    assert waiting.json()["code"] == "idempotency_key_in_use"

    age_replies(RESERVATION + timedelta(seconds=1))
    assert post(user).status_code == 201


def test_answers_are_kept_for_a_day() -> None:
    user = make_user()
    post(user)
    age_replies(timedelta(hours=23))
    assert forget_replies(now=timezone.now()) == 0
    assert post(user).headers["Idempotent-Replayed"] == "true"

    age_replies(timedelta(hours=25))
    assert "Idempotent-Replayed" not in post(user).headers
    age_replies(timedelta(hours=25))
    assert forget_replies(now=timezone.now()) == 1


def test_of_concurrent_requests_one_is_done() -> None:
    user = make_user()

    def attempt(_: int) -> Any:
        try:
            return post(user)
        finally:
            connection.close()

    with ThreadPoolExecutor(8) as threads:
        responses = list(threads.map(attempt, range(16)))

    assert ApiKey.objects.count() == 1
    done = [one for one in responses if one.status_code == 201]
    assert {one.status_code for one in responses} <= {201, 409}
    assert sum("Idempotent-Replayed" not in one.headers for one in done) == 1
    assert len({one.json()["id"] for one in done}) == 1


def view_that(do: Callable[[Request], Response]) -> Callable[..., Any]:
    class View(APIView):
        parser_classes = [MultiPartParser]

        @idempotent()
        def post(self, request: Request) -> Response:
            return do(request)

    return View.as_view()


def call(view: Callable[..., Any], user: User, data: Any = None) -> Any:
    request = APIRequestFactory().post(
        "/x", data or {"a": "1"}, format="multipart", headers={"idempotency-key": "k"}
    )
    force_authenticate(request, user)
    return view(request)


def test_work_that_took_too_long_is_undone_when_another_took_over() -> None:
    user = make_user()

    def slow(request: Request) -> Response:
        key, _ = create_api_key(user, name="late", now=timezone.now())
        held = IdempotentReply.objects.get()
        later = timezone.now() + RESERVATION * 2
        assert isinstance(reserve(user, "k", fingerprint=held.fingerprint, now=later), Reservation)
        return Response({"id": str(key.pk)})

    assert call(view_that(slow), user).status_code == 409
    assert ApiKey.objects.count() == 0


def test_a_mistake_of_ours_undoes_the_work_and_frees_the_key() -> None:
    user = make_user()

    def broken(request: Request) -> Response:
        create_api_key(user, name="x", now=timezone.now())
        raise RuntimeError

    assert call(view_that(broken), user).status_code == 500
    assert ApiKey.objects.count() == IdempotentReply.objects.count() == 0


def test_what_was_written_down_before_a_refusal_stays() -> None:
    user = make_user()

    def refused(request: Request) -> Response:
        create_api_key(user, name="a record of the refusal", now=timezone.now())
        raise Refused("No.")

    assert call(view_that(refused), user).status_code == 400
    assert ApiKey.objects.count() == 1
    assert IdempotentReply.objects.count() == 0


def test_the_same_upload_is_the_same_request_whatever_its_boundary() -> None:
    user = make_user()
    view = view_that(lambda request: Response({"size": request.FILES["f"].size}))

    def upload(content: bytes) -> Any:
        return call(view, user, {"f": SimpleUploadedFile("f", content), "a": "1"})

    assert upload(b"one").data == {"size": 3}
    assert upload(b"one").headers["Idempotent-Replayed"] == "true"
    assert upload(b"two").status_code == 409
