"""A person's own page: words of any script, nothing the database can not keep."""

import pytest

from tests.people import browser_of, make_user

pytestmark = pytest.mark.django_db

ME = "/api/v1/me"


@pytest.mark.parametrize(
    "name",
    ["Ada", "", "مريم", "👩‍🚀🌈", "e\u0301", "\u202eabc", "x" * 60, "' OR 1=1 --", "<script>"],
)
def test_a_name_is_kept_as_it_was_written(name: str) -> None:
    browser = browser_of(make_user())
    changed = browser.patch(ME, {"display_name": name}, content_type="application/json")
    assert changed.status_code == 200
    assert changed.json()["display_name"] == name
    assert browser.get(ME).json()["display_name"] == name


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("display_name", "x" * 61),
        ("display_name", "x" * 10_000),
        ("display_name", "a\0b"),
        ("display_name", "\ud800"),
        ("display_name", None),
        ("bio", "x" * 301),
        ("bio", ["x"]),
        ("bio", {"a": 1}),
    ],
)
def test_what_can_not_be_kept_is_refused_by_field(field: str, value: object) -> None:
    browser = browser_of(make_user("ada", display_name="Ada"))
    response = browser.patch(ME, {field: value}, content_type="application/json")
    assert response.status_code == 400
    assert field in response.json()["errors"]
    assert browser.get(ME).json()["display_name"] == "Ada"


@pytest.mark.parametrize(
    "body", [b"\xff\xfe", b"{", b"[]", b'"x"', b"null", b'{"bio": NaN}', b"[" * 100_000, b""]
)
def test_a_body_that_is_no_json_object_is_400(body: bytes) -> None:
    response = browser_of(make_user()).patch(ME, body, content_type="application/json")
    assert response.status_code == (200 if body == b"" else 400)
    if body:
        assert response.headers["Content-Type"] == "application/problem+json"


def test_handle_mail_and_role_are_not_changed_here() -> None:
    browser = browser_of(make_user("ada"))
    wish = {"handle": "root", "email": "x@example.org", "role": "admin"}
    assert browser.patch(ME, wish, content_type="application/json").status_code == 200
    me = browser.get(ME).json()
    assert (me["handle"], me["email"], me["role"]) == ("ada", "ada@example.org", "creator")


def test_another_content_type_is_415() -> None:
    response = browser_of(make_user()).patch(ME, b"<x/>", content_type="text/xml")
    assert response.status_code == 415
