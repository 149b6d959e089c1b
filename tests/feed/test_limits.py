"""Clips that are shown within limits: in which lists, to whom, and how the pages draw them."""

from datetime import timedelta
from typing import Any
from uuid import UUID

import pytest
from django.test import Client
from django.utils import timezone

from accounts.models import Role, User
from clips.models import Clip, Limit
from clips.services import keep_from_minors
from moderation.enforcement.rulings import Content, Ruling, carry_out
from moderation.models.judging import Subject
from moderation.policy.rules import Outcome
from tests.people import browser_of, make_clip, make_user, program_of

pytestmark = pytest.mark.django_db

YEAR = timezone.now().year
LISTS = ["feed?mode=for_you", "feed?mode=latest", "feed?mode=following", "users/ada/clips"]
RECOMMENDED = LISTS[:2]
PAGES = ["/", "/latest", "/@ada"]


@pytest.fixture
def ada() -> User:
    return make_user("ada")


@pytest.fixture
def adult() -> User:
    return make_user("adult", birth_year=YEAR - 40)


@pytest.fixture
def minor(noon: None) -> User:
    return make_user("minor", birth_year=YEAR - 15)


@pytest.fixture
def silent() -> User:
    return make_user("silent")


def limited(author: User, *limits: str, labels: frozenset[str] = frozenset()) -> Clip:
    clip = make_clip(author, caption="limited so", age=timedelta(minutes=1))
    ruling = Ruling(
        content=Content(Subject.CLIP, clip.pk, clip.digest, author),
        outcome=Outcome.LIMIT if limits else Outcome.ALLOW,
        reason="It may upset people." if limits else "",
        policy_version="test",
        limits=frozenset(limits),
        labels=labels,
    )
    carry_out(ruling, clip=clip, now=timezone.now())
    clip.refresh_from_db()
    return clip


def follow(person: User) -> None:
    assert program_of(person).put("/api/v1/users/ada/follow").status_code in {200, 204}


def ids(client: Client, address: str) -> set[UUID]:
    answer = client.get(f"/api/v1/{address}")
    assert answer.status_code == 200, (address, answer.content)
    return {UUID(item["id"]) for item in answer.json()["data"]}


def status_of(client: Client, clip: Clip) -> int:
    return client.get(f"/api/v1/clips/{clip.pk}").status_code


def lists_with(client: Client, clip: Clip) -> list[str]:
    """The lists in which the clip is; a clip that carries no limit is in all of them."""
    return [one for one in LISTS if clip.pk in ids(client, one)]


def test_what_is_not_recommended_is_found_with_its_author_only(ada: User, adult: User) -> None:
    plain, clip = make_clip(ada), limited(ada, Limit.NO_RECOMMENDATION)
    follow(adult)
    viewer = program_of(adult)
    assert lists_with(viewer, plain) == LISTS
    assert lists_with(viewer, clip) == LISTS[2:]
    assert status_of(viewer, clip) == 200
    own = program_of(ada)
    assert clip.pk in ids(own, "users/ada/clips")
    assert not [one for one in RECOMMENDED if clip.pk in ids(own, one)]
    assert browser_of(adult).get(f"/clips/{clip.pk}").status_code == 200
    for page in PAGES[:2]:
        assert str(clip.pk) not in browser_of(adult).get(page).content.decode()


def test_an_age_gate_opens_for_known_adults_and_the_author(
    ada: User, adult: User, minor: User, silent: User
) -> None:
    plain, clip = make_clip(ada), limited(ada, Limit.AGE_GATE)
    for person in (adult, minor, silent):
        follow(person)
    assert lists_with(program_of(adult), clip) == LISTS
    assert status_of(program_of(adult), clip) == status_of(program_of(ada), clip) == 200
    for viewer in (program_of(minor), program_of(silent)):
        assert lists_with(viewer, plain) == LISTS
        assert lists_with(viewer, clip) == []
        assert status_of(viewer, clip) == 404
    assert status_of(Client(), clip) == 404
    for page in (*PAGES, f"/clips/{clip.pk}"):
        assert str(clip.pk) not in Client().get(page).content.decode()
    assert Client().get(f"/clips/{clip.pk}/files/video.mp4").status_code == 404


def test_what_is_kept_from_minors_is_in_none_of_their_lists(
    ada: User, adult: User, minor: User, silent: User
) -> None:
    clip = limited(ada, labels=frozenset({"nudity"}))
    assert clip.is_kept_from_minors
    assert clip.limits == []
    other = limited(ada, labels=frozenset({"real_person"}))
    assert not other.is_kept_from_minors
    for person in (adult, minor, silent):
        follow(person)
    for person in (adult, silent):
        assert lists_with(program_of(person), clip) == LISTS
    assert lists_with(program_of(minor), clip) == []
    assert status_of(program_of(minor), clip) == 404
    assert lists_with(program_of(minor), other) == LISTS


def test_a_minor_sees_what_they_made_themselves(minor: User) -> None:
    clip = make_clip(minor)
    keep_from_minors(clip, is_kept=True)
    assert status_of(program_of(minor), clip) == 200


def test_a_full_page_of_the_following_list_is_not_eaten_by_what_is_hidden(
    ada: User, silent: User
) -> None:
    """The SQL that cuts the list counts only what will be shown."""
    follow(silent)
    shown = [make_clip(ada, age=timedelta(hours=1 + n)) for n in range(3)]
    for _ in range(5):
        limited(ada, Limit.AGE_GATE)
    assert ids(program_of(silent), "feed?mode=following&limit=3") == {one.pk for one in shown}


def test_cards_say_limits_and_labels_in_their_common_shape(ada: User, adult: User) -> None:
    clip = limited(ada, Limit.BLURRED, Limit.AGE_GATE, labels=frozenset({"violence"}))
    card = program_of(adult).get(f"/api/v1/clips/{clip.pk}").json()
    assert card["limits"] == ["age_gate", "blurred"]
    assert card["labels"] == [
        {
            "issuer": "policy",
            "subject": f"clip:{clip.pk}",
            "version": clip.digest,
            "value": "violence",
            "negation": False,
            "expiry": None,
        }
    ]
    assert card["reason"] is None
    own = program_of(ada).get(f"/api/v1/clips/{clip.pk}").json()
    assert own["reason"] == "It may upset people."


def test_pages_draw_a_veil_for_others_and_tell_the_author_why(ada: User, adult: User) -> None:
    clip = limited(ada, Limit.BLURRED, labels=frozenset({"violence"}))
    for page in ("/latest", f"/clips/{clip.pk}"):
        seen = browser_of(adult).get(page).content.decode()
        assert "data-unveil" in seen
        assert "Violence or injury" in seen
        assert "It may upset people." not in seen
    assert "thumbnailUrl" not in browser_of(adult).get(f"/clips/{clip.pk}").content.decode()
    assert "tile veiled" in browser_of(adult).get("/@ada").content.decode()
    own = browser_of(ada).get(f"/clips/{clip.pk}").content.decode()
    assert "data-unveil" not in own
    assert "It may upset people." in own
    assert "blurred until they choose to look" in own


def test_a_machine_takes_its_own_labels_back_and_no_others(ada: User) -> None:
    clip = limited(ada, labels=frozenset({"violence", "nudity"}))
    content = Content(Subject.CLIP, clip.pk, clip.digest, ada)
    moderator = make_user(role=Role.MODERATOR)

    def rule(labels: frozenset[str], decided_by: Any = None) -> list[str]:
        ruling = Ruling(content, Outcome.ALLOW, "", "test", labels=labels, decided_by=decided_by)
        carry_out(ruling, clip=clip, now=timezone.now())
        card = program_of(ada).get(f"/api/v1/clips/{clip.pk}").json()
        return [f"{label['issuer']} {label['value']}" for label in card["labels"]]

    assert rule(frozenset({"suggestive"}), moderator) == [
        "policy nudity",
        "moderators suggestive",
        "policy violence",
    ]
    assert rule(frozenset({"violence"})) == ["moderators suggestive", "policy violence"]
    assert rule(frozenset(), moderator) == ["policy violence"]
    assert rule(frozenset({"violence", "nudity"})) == ["policy nudity", "policy violence"]
    assert rule(frozenset()) == []
    clip.refresh_from_db()
    assert not clip.is_kept_from_minors
