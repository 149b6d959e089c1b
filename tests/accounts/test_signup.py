"""Opening an account: handles are plain, lower-case, free, and not the house's own."""

from io import StringIO
from typing import Any

import pytest
from django.core.exceptions import ValidationError
from django.core.management import CommandError, call_command
from django.test import Client
from django.utils import timezone

from accounts.adapter import AccountAdapter
from accounts.ages import BirthYearLocked, BirthYearRefused
from accounts.handles import RESERVED_HANDLES, HandleRefused, checked_handle
from accounts.models import Role, User
from accounts.permissions import has_role, require_role
from accounts.services import UnableToOpenAccount, open_account, set_own_birth_year, set_role
from common.errors import Denied
from tests.people import browser_of, make_user, program_of

PASSWORD = "correct horse battery staple"


THIS_YEAR = timezone.now().year


def sign_up(handle: str, *, birth_year: object = THIS_YEAR - 30) -> Any:
    form = {
        "username": handle,
        "email": "ada@example.org",
        "password1": PASSWORD,
        "birth_year": birth_year,
    }
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
@pytest.mark.parametrize("typed", ["", "young", THIS_YEAR - 13, THIS_YEAR + 1, THIS_YEAR - 150])
def test_who_is_too_young_or_says_no_year_gets_no_account(typed: object) -> None:
    page = sign_up("ada", birth_year=typed)
    assert page.status_code == 200
    assert User.objects.count() == 0
    if typed == THIS_YEAR - 13:
        assert b"You need to be at least 13" in page.content


@pytest.mark.django_db
@pytest.mark.parametrize(("age", "band"), [(14, "minor"), (18, "minor"), (19, "adult")])
def test_people_see_their_age_band_and_nobody_sees_the_year(age: int, band: str) -> None:
    assert sign_up("ada", birth_year=THIS_YEAR - age).status_code == 302
    ada = User.objects.get()
    assert ada.birth_year == THIS_YEAR - age
    mine = program_of(ada).get("/api/v1/me").json()
    assert mine["age_band"] == band
    assert "birth_year" not in mine
    assert "age_band" not in program_of(make_user("bob")).get("/api/v1/users/ada").json()


@pytest.mark.django_db
def test_the_operator_chooses_the_minimum_age(settings: Any) -> None:
    settings.REVERIE_MINIMUM_AGE = 16
    assert b"at least 16" in sign_up("ada", birth_year=THIS_YEAR - 16).content
    assert sign_up("ada", birth_year=THIS_YEAR - 17).status_code == 302


@pytest.mark.django_db
def test_nobody_becomes_older_by_their_own_word() -> None:
    now = timezone.now()
    ada = set_own_birth_year(make_user("ada"), THIS_YEAR - 16, now=now)
    with pytest.raises(BirthYearLocked):
        set_own_birth_year(ada, THIS_YEAR - 30, now=now)
    assert set_own_birth_year(ada, THIS_YEAR - 15, now=now).birth_year == THIS_YEAR - 15
    with pytest.raises(BirthYearRefused):
        set_own_birth_year(ada, THIS_YEAR - 5, now=now)
    settings_page = browser_of(ada).post("/settings/age", {"birth_year": THIS_YEAR - 30})
    assert settings_page.status_code == 403
    assert User.objects.get().birth_year == THIS_YEAR - 15


@pytest.mark.django_db
def test_a_moderator_corrects_a_year_of_birth_but_not_their_own() -> None:
    ada, noor = make_user("ada", birth_year=THIS_YEAR - 15), make_user("noor", role=Role.MODERATOR)
    year = str(THIS_YEAR - 20)
    for by in ("ada", "nobody"):
        with pytest.raises(CommandError):
            call_command("set_birth_year", "ada", year, by=by)
    with pytest.raises(CommandError, match="Somebody else"):
        call_command("set_birth_year", "noor", year, by="noor")
    call_command("set_birth_year", "ada", year, by="noor", stdout=StringIO())
    ada.refresh_from_db()
    noor.refresh_from_db()
    assert (ada.birth_year, noor.birth_year) == (THIS_YEAR - 20, None)


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
