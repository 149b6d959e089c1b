"""Every page, for visitors and for people: it opens, and keeps to the policy it is sent with."""

import pytest
from django.test import Client
from django.urls import reverse
from pytest_django.fixtures import DjangoAssertNumQueries

from accounts.models import Role, User
from clips.models import Clip
from common.ids import public_id
from tests.people import browser_of, make_clip, make_user
from tests.web.markup import Markup
from web.urls import urlpatterns

SESSION_AND_PERSON = 2
pytestmark = pytest.mark.django_db

OPEN = ["/", "/following", "/latest", "/about", "/@mira"]
ENTRANCE = ["/accounts/login/", "/accounts/signup/", "/accounts/password/reset/"]
OWN = [
    "/create",
    "/studio",
    "/settings",
    "/settings/people",
    "/settings/notifications",
    "/saved",
    "/notifications",
]
ACCOUNT = [
    "/accounts/logout/", "/accounts/email/", "/accounts/password/change/", "/accounts/2fa/",
    "/accounts/reauthenticate/",
]  # fmt: skip


def check(client: Client, path: str, *, status: int = 200) -> str:
    """Open `path`; its HTML, which keeps to the policy."""
    response = client.get(path)
    assert response.status_code == status, path
    html = response.content.decode()
    markup = Markup(html)
    assert markup.faults == [], path
    assert markup.forms_without_token == [], path
    assert markup.unlabelled == set(), path
    policy = response["Content-Security-Policy"]
    assert "unsafe" not in policy
    assert "default-src 'self'" in policy
    return html


@pytest.mark.parametrize("path", OPEN + ENTRANCE)
def test_a_visitor_may_look_around_an_empty_house(person: User, path: str) -> None:
    html = check(Client(), path)
    assert "Log in" in html
    assert "<main" in html
    assert 'href="#main"' in html


@pytest.mark.parametrize("path", OPEN + OWN + ACCOUNT)
def test_a_person_opens_every_page(browser: Client, clip: Clip, path: str) -> None:
    make_clip(clip.author, caption="قطة في الثلج")
    html = check(browser, path)
    assert "/studio" in html


@pytest.mark.parametrize("path", [*OWN, "/create/video_0", "/accounts/2fa/"])
def test_what_is_ones_own_asks_for_login_and_comes_back(path: str) -> None:
    response = Client().get(path)
    assert response.status_code == 302
    assert response["Location"].startswith("/accounts/login/?next=/")


def test_the_second_factor_is_set_up_on_a_page_of_ours(person: User) -> None:
    person.set_password("calm-paper-moon-9")
    person.save()
    client = browser_of(person)
    client.post("/accounts/reauthenticate/", {"password": "calm-paper-moon-9"})
    html = check(client, "/accounts/2fa/totp/activate/")
    assert "data:image/svg" in html


def test_a_clip_says_where_it_comes_from(clip: Clip) -> None:
    html = check(Client(), f"/clips/{clip.pk}")
    assert "AI-generated" in html
    assert clip.video.prompt in html
    assert "https://schema.org/TrainedAlgorithmicMediaDigitalSource" in html
    assert clip.digest in html
    assert "Edit or delete" not in html
    assert "Edit or delete" in check(browser_of(clip.author), f"/clips/{clip.pk}")


def test_words_cannot_leave_the_structured_data(db: None) -> None:
    clip = make_clip(make_user(), caption="</script><script>alert(1)</script>")
    html = check(Client(), f"/clips/{clip.pk}")
    assert "<script>alert" not in html


def test_a_clip_nobody_judged_is_its_authors_alone(person: User, clip: Clip) -> None:
    hidden = make_clip(person, caption="not yet", published=False)
    page = f"/clips/{hidden.pk}"
    html = check(browser_of(person), page)
    assert "Being checked" in html
    assert browser_of(person).get(page, headers={"HX-Request": "true"}).status_code == 204
    for other in (Client(), browser_of(clip.author)):
        check(other, page, status=404)
        assert "not yet" not in check(other, "/@mira")
    assert "Being checked" in check(browser_of(make_user(role=Role.MODERATOR)), page)


@pytest.mark.parametrize(
    "path",
    ["/nope", "/@nobody", "/clips/0199c0de-0000-7000-8000-000000000000", "/create/video_1",
     f"/create/video_{'0' * 32}", "/create?from=video_1"],
)  # fmt: skip
def test_what_is_not_there_is_a_page_too(browser: Client, path: str) -> None:
    assert "Back to the feed" in check(browser, path, status=404)


def test_a_made_up_cursor_is_refused(browser: Client) -> None:
    for path in ("/", "/latest", "/following", "/@mira"):
        check(browser, f"{path}?cursor=made-up", status=400)


def test_the_feed_goes_on_without_repeating(person: User, browser: Client) -> None:
    author = make_user()
    for _ in range(8):
        make_clip(author)
    first = browser.get("/latest")
    page = first.context["page"]
    response = browser.get("/latest", {"cursor": page.next_cursor}, headers={"HX-Request": "true"})
    rest = response.context["page"]
    assert b"<html" not in response.content
    assert response["Vary"].count("HX-Request") == 1
    ids = [card["id"] for card in page.items + rest.items]
    assert len(ids) == len(set(ids)) == 8
    assert not rest.has_more


def test_nothing_changes_by_looking(browser: Client, person: User, clip: Clip) -> None:
    known = {
        "clip_id": str(clip.pk), "handle": "nova", "video_id": public_id("video", clip.pk),
        "comment_id": str(clip.pk), "key_id": str(clip.pk),
    }  # fmt: skip
    changing = {"like", "edit-clip", "delete-clip", "remove-comment", "post-job", "delete-job",
                "follow", "create-key", "revoke-key"}  # fmt: skip
    seen = set()
    for route in urlpatterns:
        if route.name in changing:
            arguments = {name: known[name] for name in route.pattern.converters}
            assert browser.get(reverse(f"web:{route.name}", kwargs=arguments)).status_code == 405
            seen.add(route.name)
    assert seen == changing


def test_a_form_from_elsewhere_is_refused(person: User, clip: Clip) -> None:
    strict = Client(enforce_csrf_checks=True)
    strict.force_login(person)
    response = strict.post(f"/clips/{clip.pk}/like", {"liked": "yes"})
    assert response.status_code == 403
    assert b"too old" in response.content


@pytest.mark.parametrize(
    "path", ["/@%00", "/create/%00", "/latest?cursor=%00", "/studio?after=%00", "/%ff%fe", "/@%ff"]
)
def test_nonsense_in_an_address_is_a_clear_refusal(browser: Client, path: str) -> None:
    assert browser.get(path).status_code in {400, 404}


def test_bodies_nobody_can_read_are_refused(browser: Client) -> None:
    huge = browser.post("/settings", b"x" * (21 * 1024 * 1024), content_type="text/plain")
    assert (huge.status_code, b"larger than" in huge.content) == (413, True)
    text = "application/x-www-form-urlencoded"
    assert browser.post("/create", b"prompt=%ff%fe&seed=\xff", content_type=text).status_code == 422
    assert browser.post("/create", b"broken", content_type="multipart/form-data").status_code == 400


def test_a_page_costs_few_queries_however_many_clips(
    browser: Client, django_assert_max_num_queries: DjangoAssertNumQueries
) -> None:
    author = make_user()
    for _ in range(6):
        make_clip(author)
    for path in ("/", "/latest", "/following"):
        # One of them asks whether the checks are down, to tell a creator, and one what is saved.
        with django_assert_max_num_queries(SESSION_AND_PERSON + 6):
            assert browser.get(path).status_code == 200
    with django_assert_max_num_queries(SESSION_AND_PERSON + 11):
        assert browser.get(f"/@{author.handle}").status_code == 200
