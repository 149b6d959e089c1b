"""Share links: short, the same every time, counted honestly, and no way past the gate."""

from collections.abc import Mapping

import pytest
from django.test import Client
from django.utils import timezone

from accounts.models import User
from clips.models import Clip
from clips.services import withdraw_clip
from social.models.sharing import ShareLink
from tests.people import browser_of, make_clip, make_user, program_of

pytestmark = pytest.mark.django_db

BROWSER = "Mozilla/5.0 (X11; Linux x86_64) AppleWebKit/537.36 Chrome/141.0 Safari/537.36"


@pytest.fixture
def ada(db: None) -> User:
    return make_user("ada")


@pytest.fixture
def clip(db: None) -> Clip:
    return make_clip(make_user())


def path_of(client: Client, clip: Clip) -> str:
    url: str = client.post(f"/api/v1/clips/{clip.pk}/shares").json()["url"]
    return "/s/" + url.rpartition("/s/")[2]


def visits(sharer: User) -> int:
    return ShareLink.objects.get(sharer=sharer).visit_count


def follow(
    path: str, client: Client | None = None, headers: Mapping[str, str] | None = None
) -> int:
    sent = {"user-agent": BROWSER, **(headers or {})}
    return (client or Client()).get(path, headers=sent).status_code


def test_a_person_has_one_link_to_a_clip_and_reads_how_often_it_was_followed(
    ada: User, clip: Clip
) -> None:
    program = program_of(ada)
    first, second = (program.post(f"/api/v1/clips/{clip.pk}/shares").json() for _ in range(2))
    assert first == second
    assert first["visits"] == 0
    answer = Client().get(path_of(program, clip), headers={"user-agent": BROWSER})
    assert (answer.status_code, answer["location"]) == (302, f"/clips/{clip.pk}")
    assert program.post(f"/api/v1/clips/{clip.pk}/shares").json()["visits"] == 1
    anonymous = Client().post(f"/api/v1/clips/{clip.pk}/shares").json()
    assert anonymous["visits"] is None
    assert anonymous["url"] != first["url"]
    assert ShareLink.objects.count() == 2


def test_a_visitor_counts_once_an_hour_and_the_sharer_never(ada: User, clip: Clip) -> None:
    path = path_of(program_of(ada), clip)
    for _ in range(3):
        assert follow(path) == 302
    assert visits(ada) == 1
    follow(path, browser_of(ada))
    assert visits(ada) == 1
    follow(path, browser_of(make_user()))
    assert visits(ada) == 2


@pytest.mark.parametrize(
    "headers",
    [
        {"user-agent": "Mozilla/5.0 (compatible; Googlebot/2.1)"},
        {"user-agent": "facebookexternalhit/1.1"},
        {"user-agent": "WhatsApp/2.2"},
        {"user-agent": "curl/8.5"},
        {"user-agent": ""},
        {"sec-purpose": "prefetch;prerender"},
        {"purpose": "prefetch"},
    ],
)
def test_what_nobody_followed_is_not_counted(
    ada: User, clip: Clip, headers: dict[str, str]
) -> None:
    path = path_of(program_of(ada), clip)
    assert follow(path, headers=headers) == 302
    assert Client().head(path, headers={"user-agent": BROWSER}).status_code == 302
    assert visits(ada) == 0


def test_a_link_leads_nowhere_when_the_viewer_may_not_see_the_clip(ada: User) -> None:
    author = make_user("author")
    clip, private = make_clip(author), make_clip(author, privacy="only_me")
    assert program_of(ada).post(f"/api/v1/clips/{private.pk}/shares").status_code == 404
    path, own = path_of(program_of(ada), clip), path_of(program_of(author), private)
    assert follow(own) == 404
    assert follow(own, browser_of(author)) == 302
    program_of(author).put("/api/v1/users/ada/block")
    assert follow(path, browser_of(ada)) == 404
    assert follow(path) == 302
    withdraw_clip(clip, reason="gone", now=timezone.now())
    assert follow(path) == 404
    for nonsense in ("/s/x", "/s/AAAAAAAAAAA", "/s/" + "x" * 500, "/s/%00", "/s/..%2f"):
        assert follow(nonsense) == 404
