"""Opening an account: handles are plain, lower-case, free, and not the house's own."""

from typing import Any

import pytest
from django.core.exceptions import ValidationError
from django.test import Client

from accounts.adapter import AccountAdapter
from accounts.handles import RESERVED_HANDLES, HandleRefused, checked_handle
from accounts.models import Role, User
from accounts.permissions import has_role, require_role
from accounts.services import UnableToOpenAccount, open_account, set_role
from common.errors import Denied
from tests.people import make_user

PASSWORD = "correct horse battery staple"


def sign_up(handle: str, email: str = "ada@example.org") -> Any:
    form = {"username": handle, "email": email, "password1": PASSWORD}
    return Client().post("/accounts/signup/", form)


@pytest.mark.parametrize("typed", ["ada", "Ada", " ADA_99 ", "a1", "x" * 30])
def test_a_plain_handle_is_taken_in_lower_case(typed: str) -> None:
    assert checked_handle(typed) == typed.strip().lower()


@pytest.mark.parametrize(
    "typed",
    ["", "a", "x" * 31, "a b", "a-b", "ädä", "\u0430dmin", "a\0b", "a\nb", "👩", "\u202eada"],
)
def test_any_other_handle_is_refused(typed: str) -> None:
    with pytest.raises(HandleRefused):
        checked_handle(typed)


def test_the_houses_own_words_are_refused() -> None:
    for word in RESERVED_HANDLES:
        with pytest.raises(HandleRefused):
            checked_handle(word.upper())


@pytest.mark.django_db
def test_the_form_refuses_what_the_service_refuses_and_what_is_taken() -> None:
    make_user("ada")
    adapter = AccountAdapter()
    for typed in ("admin", "a b", "ADA"):
        with pytest.raises(ValidationError):
            adapter.clean_username(typed)
    assert adapter.clean_username("Bob") == "bob"


@pytest.mark.django_db
@pytest.mark.parametrize("role", ["viewer", "creator"])
def test_who_signs_up_gets_the_role_the_operator_chose(role: str, settings: Any) -> None:
    settings.REVERIE_SIGNUP_ROLE = role
    assert sign_up("Ada").status_code == 302
    assert (User.objects.get().handle, User.objects.get().role) == ("ada", role)


@pytest.mark.django_db
def test_a_person_logs_in_by_handle_or_mail() -> None:
    open_account("Ada", email="Ada@Example.org", password=PASSWORD, role=Role.CREATOR)
    for login in ("ada", "ADA", "ada@example.org", "ADA@example.ORG"):
        client = Client()
        assert client.login(username=login, password=PASSWORD) or client.login(
            email=login, password=PASSWORD
        ), login
    assert not Client().login(username="ada", password="wrong")


@pytest.mark.django_db
def test_handle_and_mail_belong_to_one_person() -> None:
    open_account("ada", email="ada@example.org", password=PASSWORD, role=Role.CREATOR)
    for handle, email in (("ADA", "b@example.org"), ("bob", "ADA@example.org")):
        with pytest.raises(UnableToOpenAccount):
            open_account(handle, email=email, password=PASSWORD, role=Role.CREATOR)
    assert User.objects.count() == 1


@pytest.mark.django_db
def test_each_role_may_do_what_those_before_it_may() -> None:
    user = make_user(role=Role.VIEWER)
    for rank, role in enumerate(Role):
        set_role(user, role=role)
        assert [has_role(user, other) for other in Role] == [at <= rank for at in range(len(Role))]
    set_role(user, role=Role.VIEWER)
    with pytest.raises(Denied):
        require_role(user, Role.CREATOR)
    assert not user.is_staff
