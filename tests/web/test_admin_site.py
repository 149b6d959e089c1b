"""Who gets into the admin: moderators and admins, with a second factor given in this session."""

import pytest
from allauth.mfa.models import Authenticator
from allauth.mfa.recovery_codes.internal.auth import RecoveryCodes
from allauth.mfa.totp.internal.auth import (
    TOTP,
    format_hotp_value,
    hotp_value,
    yield_hotp_counters_from_time,
)
from django.test import Client
from pytest_django.fixtures import Settings

from accounts.models import Role, User
from accounts.services import open_account
from tests.people import browser_of, make_user
from tests.web.markup import Markup

pytestmark = pytest.mark.django_db

PASSWORD = "calm-paper-moon-9"
SECRET = "JBSWY3DPEHPK3PXP"


@pytest.fixture
def moderator(db: None) -> User:
    return open_account("noor", email="n@example.org", password=PASSWORD, role=Role.MODERATOR)


def code_now(secret: str = SECRET) -> str:
    return str(format_hotp_value(hotp_value(secret, next(yield_hotp_counters_from_time()))))


def test_visitors_log_in_on_the_sites_own_page(db: None) -> None:
    response = Client().get("/admin/", follow=True)
    assert response.redirect_chain[-1] == ("/accounts/login/?next=/admin/", 302)
    assert b"Good to see you" in response.content


@pytest.mark.parametrize("role", [Role.VIEWER, Role.CREATOR])
@pytest.mark.parametrize("is_staff", [False, True])
def test_other_roles_are_refused(db: None, role: Role, *, is_staff: bool) -> None:
    browser = browser_of(make_user(role=role, is_staff=is_staff))
    assert browser.get("/admin/", follow=True).status_code == 403
    assert browser.get("/admin/login/").status_code == 403


def test_a_moderator_without_second_factor_is_sent_to_set_one_up(moderator: User) -> None:
    browser = browser_of(moderator)
    browser.post("/accounts/reauthenticate/", {"password": PASSWORD})
    response = browser.get("/admin/", follow=True)
    assert response.redirect_chain[-1][0].startswith("/accounts/2fa/totp/activate/")
    assert b"need a second factor" in response.content

    secret = response.context["form"].secret
    done = browser.post("/accounts/2fa/totp/activate/", {"code": code_now(secret)}, follow=True)
    assert b"To the admin" in done.content

    asked = browser.get("/admin/", follow=True)
    assert asked.redirect_chain[-1][0].startswith("/accounts/2fa/reauthenticate/")
    code = RecoveryCodes(
        Authenticator.objects.get(user=moderator, type="recovery_codes")
    ).generate_codes()[0]
    inside = browser.post(
        asked.redirect_chain[-1][0], {"code": code, "next": "/admin/"}, follow=True
    )
    assert inside.redirect_chain[-1][0] == "/admin/"
    assert inside.status_code == 200
    assert Markup(inside.content.decode()).faults == []


def test_the_login_asks_for_the_second_factor_and_goes_on_to_the_admin(moderator: User) -> None:
    TOTP.activate(moderator, SECRET)
    browser = Client()
    login = {"login": "noor", "password": PASSWORD, "next": "/admin/"}
    asked = browser.post("/accounts/login/", login, follow=True)
    assert asked.redirect_chain[-1][0].startswith("/accounts/2fa/authenticate/")
    assert browser.get("/admin/").status_code == 302

    wrong = browser.post("/accounts/2fa/authenticate/", {"code": "000000"})
    assert b"Incorrect code" in wrong.content
    right = browser.post("/accounts/2fa/authenticate/", {"code": code_now()}, follow=True)
    assert (right.redirect_chain[-1][0], right.status_code) == ("/admin/", 200)


def test_a_session_from_before_the_second_factor_has_to_give_it(moderator: User) -> None:
    TOTP.activate(moderator, SECRET)
    browser = browser_of(moderator)
    response = browser.get("/admin/moderation/decision/", follow=True)
    assert "/accounts/2fa/reauthenticate/" in response.redirect_chain[-1][0]
    assert "next=/admin/moderation/decision/" in response.redirect_chain[-1][0]


def test_who_lost_the_role_or_the_account_is_out(moderator: User, settings: Settings) -> None:
    settings.ADMIN_SECOND_FACTOR = False
    browser = browser_of(moderator)
    assert browser.get("/admin/").status_code == 200
    assert browser.get("/admin/login/?next=https://evil.example/").headers["Location"] == "/admin/"
    User.objects.update(role=Role.CREATOR)
    assert browser.get("/admin/", follow=True).status_code == 403
    User.objects.update(role=Role.MODERATOR, is_active=False)
    assert browser.get("/admin/").status_code == 302
