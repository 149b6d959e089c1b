"""The policy's pages on the desk: two people, each with what they need to judge it by."""

from typing import Any

import pytest
import yaml
from django.conf import settings as django_settings
from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client

from accounts.models import Role, User
from moderation.selectors.policies import forget_policies, policy_versions
from tests.people import browser_of, make_user

pytestmark = pytest.mark.django_db
TEXT = django_settings.POLICY_FILE.read_text(encoding="utf-8")


@pytest.fixture(autouse=True)
def without_second_factor(settings: Any) -> Any:
    settings.ADMIN_SECOND_FACTOR = False
    forget_policies()
    yield
    forget_policies()


def reviewer(handle: str) -> User:
    return make_user(handle, role=Role.MODERATOR, is_staff=True)


def propose(client: Client, text: str) -> Any:
    file = SimpleUploadedFile("policy.yaml", text.encode())
    return client.post("/desk/policy", {"file": file, "note": "stricter with kites"})


def stricter(version: str = "stricter") -> str:
    own = yaml.safe_load(TEXT)["version"]
    return TEXT.replace(f"version: {own}", f"version: {version}").replace(
        "lexicon:\n", "lexicon:\n  - {category: gore, all: [animal], score: 0.1}\n", 1
    )


def state_of(version: str) -> str:
    return policy_versions().get(version=version).state


def test_one_proposes_and_another_puts_it_in_force() -> None:
    noor, alex = browser_of(reviewer("noor")), browser_of(reviewer("alex"))
    answer = propose(noor, stricter())
    assert answer.status_code == 302
    page = answer["Location"]
    seen = noor.get(page).content.decode()
    for part in ("stricter with kites", "all: [animal], score: 0.1", "say what they should"):
        assert part in seen
    assert "somebody else puts it in force" in seen
    assert "Put it in force" not in seen
    noor.post(f"{page}/change", {"act": "activate"})
    assert state_of("stricter") == "draft"
    noor.post(f"{page}/change", {"act": "shadow"})
    assert state_of("stricter") == "shadow"
    assert "Put it in force" in alex.get(page).content.decode()
    alex.post(f"{page}/change", {"act": "activate"})
    assert state_of("stricter") == "active"
    listed = alex.get("/desk/policy").content.decode()
    assert "put in force by @alex" in listed
    assert alex.post(f"{page}/change", {"act": "burn"}).status_code == 404


@pytest.mark.parametrize(
    ("text", "complaint"),
    [
        ("version: 1", "policy: lacks"),
        (TEXT, "There is a version"),
        (
            stricter().replace("a naked child, expect: block", "a naked child, expect: allow"),
            "1 of",
        ),
        ("rules: {file: ../../etc/passwd}", "policy: lacks"),
        (
            stricter().replace("words:\n", "words:\n  x: {file: /etc/passwd}\n", 1),
            "can not be read",
        ),
    ],
)
def test_what_is_wrong_with_a_proposal_is_said(text: str, complaint: str) -> None:
    answer = propose(browser_of(reviewer("noor")), text)
    assert answer.status_code in {400, 409, 422, 503}
    assert complaint in answer.content.decode()
    assert policy_versions().count() == 1


def test_the_pages_are_for_reviewers() -> None:
    row = policy_versions().get()
    person = browser_of(make_user())
    for address in ("/desk/policy", f"/desk/policy/{row.pk}"):
        assert Client().get(address).status_code == 302
        assert person.get(address).status_code == 403
        assert browser_of(reviewer(f"r{len(address)}")).get(address).status_code == 200
    for client in (Client(), person):
        assert client.post(f"/desk/policy/{row.pk}/change", {"act": "retire"}).status_code in {
            302,
            403,
        }
    assert state_of(row.version) == "active"
