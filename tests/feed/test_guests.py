"""Feeds that others make: their order, our gate, and always a page."""

import gzip
import json
import re
import socket
import subprocess
import sys
from collections.abc import Iterator
from contextlib import ExitStack
from datetime import timedelta
from pathlib import Path
from time import monotonic, sleep
from typing import TYPE_CHECKING, Any
from uuid import uuid4

import pytest
from django.test import Client
from django.utils import timezone
from pytest_django import Settings

from accounts.models import Role, User
from clips.models import Clip, Limit
from feed.models.guests import GuestFeed, GuestReader
from feed.models.wishes import FeedSettings, HiddenCreator, MutedWord
from feed.serving import skeletons
from social.models.people import Block, Mute
from tests.guests import (
    Behaviour,
    GuestServer,
    answer,
    drip,
    guest_server,
    raw,
    says,
    silence,
    skeleton,
)
from tests.people import browser_of, make_clip, make_user, program_of

if TYPE_CHECKING:
    from redis import Redis

pytestmark = pytest.mark.django_db

HEAD = b"HTTP/1.1 200 OK\r\nContent-Type: application/json\r\n"
CHUNKED = HEAD + b"Transfer-Encoding: chunked\r\n\r\n"
BOMB = gzip.compress(b" " * 90_000_000, 1)
SECONDS = 0.6


@pytest.fixture(autouse=True)
def _quick(settings: Settings) -> None:
    settings.OUTGOING_LOOPBACK = True
    settings.GUEST_FEED_SECONDS = SECONDS


@pytest.fixture
def servers() -> Iterator[ExitStack]:
    with ExitStack() as stack:
        yield stack


@pytest.fixture
def owner() -> User:
    return make_user("guest_maker")


def serving(servers: ExitStack, behaviour: Behaviour) -> GuestServer:
    return servers.enter_context(guest_server({"/skeleton": behaviour}))


def feed_of(owner: User, server: GuestServer, **columns: Any) -> GuestFeed:
    url = server.url("/skeleton")
    return GuestFeed.objects.create(owner=owner, name="Slow rain", url=url, **columns)


def page_of(feed: GuestFeed, client: Client | None = None, **query: Any) -> dict[str, Any]:
    answered = (client or Client()).get(f"/api/v1/feeds/{feed.pk}/clips", query)
    assert answered.status_code == 200, answered.content
    return dict(answered.json())


def ids_in(page: dict[str, Any]) -> list[str]:
    return [clip["id"] for clip in page["data"]]


def whole_list(feed: GuestFeed, client: Client | None = None, **query: Any) -> list[dict[str, Any]]:
    pages = [page_of(feed, client, **query)]
    while cursor := pages[-1]["meta"]["next_cursor"]:
        assert len(pages) < 200, "the list never ends"
        pages.append(page_of(feed, client, cursor=cursor, **query))
    return pages


def texts(clips: list[Clip]) -> list[str]:
    return [str(clip.pk) for clip in clips]


# --- registering ---


def test_a_feed_is_registered_listed_read_and_removed(servers: ExitStack, owner: User) -> None:
    clips = [make_clip(owner) for _ in range(2)]
    server = serving(servers, skeleton(one.pk for one in clips))
    words = {"name": " Slow\n rain ", "description": "Rain.", "url": server.url("/skeleton")}
    made = program_of(owner).post("/api/v1/feeds", words, content_type="application/json")
    assert made.status_code == 201, made.content
    shown = made.json()
    assert (shown["name"], shown["owner"]["handle"], shown["readers"]) == (
        "Slow rain", "guest_maker", 0,
    )  # fmt: skip
    assert [one["id"] for one in Client().get("/api/v1/feeds").json()["data"]] == [shown["id"]]
    assert Client().get(f"/api/v1/feeds/{shown['id']}").json()["name"] == "Slow rain"

    reader = make_user()
    path = f"/api/v1/feeds/{shown['id']}/reading"
    assert Client().put(path, {}, content_type="application/json").status_code in {401, 403}
    kept = program_of(reader).put(path, {}, content_type="application/json")
    assert kept.status_code == 204
    mine = program_of(reader).get(f"/api/v1/feeds/{shown['id']}").json()
    assert (mine["is_read"], mine["is_known"], mine["readers"]) == (True, False, 1)
    assert program_of(reader).delete(path).status_code == 204
    assert not GuestReader.objects.exists()

    assert program_of(reader).delete(f"/api/v1/feeds/{shown['id']}").status_code == 403
    assert Client().delete(f"/api/v1/feeds/{shown['id']}").status_code in {401, 403}
    assert program_of(owner).delete(f"/api/v1/feeds/{shown['id']}").status_code == 204
    assert Client().get(f"/api/v1/feeds/{shown['id']}").status_code == 404
    assert Client().get(f"/api/v1/feeds/{shown['id']}/clips").status_code == 404


def test_who_may_register_what(servers: ExitStack, owner: User, settings: Settings) -> None:
    server = serving(servers, skeleton([]))
    wrong = serving(servers, answer(b"<html>", content_type="text/html"))

    def register(user: User, **words: Any) -> tuple[int, str]:
        asked = {"name": "Rain", "url": server.url("/skeleton")} | words
        program = program_of(user)
        answered = program.post("/api/v1/feeds", asked, content_type="application/json")
        return answered.status_code, answered.json().get("code", "")

    settings.GUEST_FEED_RATE = "100/h"
    assert register(make_user(role=Role.VIEWER)) == (403, "permission_denied")
    assert register(owner, name="")[0] == 400
    assert register(owner, name="white power") == (400, "moderation_blocked")
    assert register(owner, url="ftp://feeds.example/") == (400, "address_refused")
    assert register(owner, url="https://user@feeds.example/") == (400, "address_refused")
    assert register(owner, url="https://169.254.169.254/latest/") == (400, "address_refused")
    assert register(owner, url="http://10.0.0.1/") == (400, "address_refused")
    # Before the words are judged, which would be put on record.
    assert register(owner, name="white power", url="https://10.0.0.1/")[1] == "address_refused"
    assert register(owner, url="https://feeds.invalid/") == (400, "feed_answers_wrong")
    assert register(owner, url=wrong.url("/skeleton")) == (400, "feed_answers_wrong")
    assert register(owner, url=f"{settings.REVERIE_URL}/api/v1/feed") == (400, "address_refused")
    settings.OUTGOING_LOOPBACK = False
    assert register(owner) == (400, "address_refused")
    settings.OUTGOING_LOOPBACK = True
    assert not GuestFeed.objects.exists()
    assert register(owner)[0] == 201
    assert register(owner) == (409, "already_registered")
    assert register(make_user())[0] == 201
    settings.GUEST_FEED_RATE = "2/h"
    assert register(owner)[0] == 429


def test_a_moderator_removes_any_feed(servers: ExitStack, owner: User) -> None:
    feed = feed_of(owner, serving(servers, skeleton([])))
    moderator = make_user(role=Role.MODERATOR, is_staff=True)
    assert program_of(moderator).delete(f"/api/v1/feeds/{feed.pk}").status_code == 204


def test_feeds_of_people_who_are_away_or_blocked_are_not_there(
    servers: ExitStack, owner: User
) -> None:
    feed = feed_of(owner, serving(servers, skeleton([])))
    blocker, blocked, other = make_user(), make_user(), make_user()
    Block.objects.create(blocker=blocker, blocked=owner)
    Block.objects.create(blocker=owner, blocked=blocked)
    for user, status in ((blocker, 404), (blocked, 404), (other, 200)):
        program = program_of(user)
        assert program.get(f"/api/v1/feeds/{feed.pk}").status_code == status
        assert program.get(f"/api/v1/feeds/{feed.pk}/clips").status_code == status
        assert bool(program.get("/api/v1/feeds").json()["data"]) is (status == 200)
    User.objects.filter(pk=owner.pk).update(is_active=False)
    assert Client().get(f"/api/v1/feeds/{feed.pk}/clips").status_code == 404


# --- the guest's order ---


def test_the_guests_order_is_shown(servers: ExitStack, owner: User) -> None:
    clips = [make_clip(owner) for _ in range(5)]
    order = [clips[2], clips[0], clips[4], clips[1], clips[3]]
    feed = feed_of(owner, serving(servers, skeleton(one.pk for one in order)))
    page = page_of(feed, limit=5)
    assert ids_in(page) == texts(order)
    assert page["meta"] == {"named": 5, "trouble": None, "next_cursor": None, "has_more": False}


def test_pages_follow_the_guests_cursor_to_its_end(servers: ExitStack, owner: User) -> None:
    clips = [make_clip(owner) for _ in range(9)]

    def by_three(connection: socket.socket, query: dict[str, str]) -> None:
        at = int(query.get("cursor", "0"))
        after = str(at + 3) if at + 3 < len(clips) else None
        skeleton([one.pk for one in clips[at : at + 3]], after)(connection, query)

    server = serving(servers, by_three)
    pages = whole_list(feed_of(owner, server), limit=3)
    assert [ids_in(page) for page in pages] == [texts(clips[at : at + 3]) for at in (0, 3, 6)]
    assert [one.query for one in server.asked] == [
        {"limit": "30"}, {"limit": "30", "cursor": "3"}, {"limit": "30", "cursor": "6"},
    ]  # fmt: skip


def test_many_ids_on_one_answer_are_shown_page_by_page(servers: ExitStack, owner: User) -> None:
    clips = [make_clip(owner) for _ in range(25)]
    server = serving(servers, skeleton(one.pk for one in clips))
    pages = whole_list(feed_of(owner, server), limit=10)
    assert [one for page in pages for one in ids_in(page)][:25] == texts(clips)
    assert [page["meta"]["trouble"] for page in pages] == [None, None, "short"]
    assert len(server.asked) == 1, "the answer was kept"


def test_a_cursor_opens_its_own_feed_only(servers: ExitStack, owner: User) -> None:
    clips = [make_clip(owner) for _ in range(4)]
    feed, other = (feed_of(owner, serving(servers, skeleton(texts(clips)))) for _ in range(2))
    cursor = page_of(feed, limit=2)["meta"]["next_cursor"]
    assert ids_in(page_of(feed, limit=2, cursor=cursor)) == texts(clips[2:])
    for wrong in (cursor[:-1], "nonsense", "x" * 5000):
        refused = Client().get(f"/api/v1/feeds/{feed.pk}/clips", {"cursor": wrong})
        assert (refused.status_code, refused.json()["code"]) == (400, "invalid_cursor")
    refused = Client().get(f"/api/v1/feeds/{other.pk}/clips", {"cursor": cursor})
    assert (refused.status_code, refused.json()["code"]) == (400, "invalid_cursor")
    assert Client().get("/api/v1/feed", {"cursor": cursor}).status_code == 400


# --- our gate ---


def test_nothing_hidden_is_shown_whatever_the_guest_names(servers: ExitStack) -> None:
    viewer, author, muted, hidden, blocked, blocker, away = (make_user() for _ in range(7))
    shown = make_clip(author, caption="calm")
    aged, unrecommended = make_clip(author), make_clip(author)
    Clip.objects.filter(pk=aged.pk).update(limits=[Limit.AGE_GATE])
    Clip.objects.filter(pk=unrecommended.pk).update(limits=[Limit.NO_RECOMMENDATION])
    private = [make_clip(author, privacy=one) for one in ("followers", "mutuals", "only_me")]
    waiting = make_clip(author, published=False)
    gone = make_clip(author)
    Clip.objects.filter(pk=gone.pk).update(state="withdrawn", allowed_digest="")
    of_others = [make_clip(one) for one in (muted, hidden, blocked, blocker, away)]
    says_it = make_clip(author, caption="Look, SPIDERS!")
    tagged = make_clip(author, hashtags=["spiders"])
    suspected = make_clip(author)
    Clip.objects.filter(pk=suspected.pk).update(caption="unsure")
    suspected.video.__class__.objects.filter(pk=suspected.video_id).update(provenance="suspected")
    Mute.objects.create(muter=viewer, muted=muted)
    HiddenCreator.objects.create(user=viewer, creator=hidden)
    Block.objects.create(blocker=viewer, blocked=blocked)
    Block.objects.create(blocker=blocker, blocked=viewer)
    MutedWord.objects.create(user=viewer, word="spiders")
    FeedSettings.objects.create(user=viewer, amount_suspected=0)
    User.objects.filter(pk=away.pk).update(is_active=False)
    named = [aged, unrecommended, *private, waiting, gone, *of_others, says_it, tagged, suspected]
    foreign = [uuid4(), "no id", 7, None, {"clip": 1}]
    feed = feed_of(make_user(), serving(servers, skeleton([*foreign, *texts(named), shown.pk])))
    for page in whole_list(feed, program_of(viewer), limit=50):
        assert ids_in(page) == [str(shown.pk)]
        assert page["meta"]["trouble"] == "short"
    seen = {one for page in whole_list(feed, limit=50) for one in ids_in(page)}
    assert seen == set(texts([shown, *of_others[:4], says_it, tagged, suspected]))


def test_the_guest_is_told_nothing_of_the_viewer_unless_they_agree(
    servers: ExitStack, owner: User
) -> None:
    server = serving(servers, skeleton([make_clip(owner).pk]))
    feed, other = feed_of(owner, server), feed_of(make_user(), server)
    viewer, minor = make_user(), make_user(birth_year=timezone.now().year - 15)
    program = program_of(viewer)

    def agree(feed: GuestFeed, *, to: bool) -> None:
        path = f"/api/v1/feeds/{feed.pk}/reading"
        answered = program.put(path, {"is_known": to}, content_type="application/json")
        assert answered.status_code == 204

    def told(feed: GuestFeed) -> str | None:
        page_of(feed, program, limit=1)
        return server.asked[-1].query.get("viewer")

    assert told(feed) is None
    agree(feed, to=False)
    assert told(feed) is None
    agree(feed, to=True)
    agree(other, to=True)
    first, second = told(feed), told(other)
    assert first and second and first != second
    assert not {viewer.pk.hex, viewer.handle} & {first, second}
    agree(feed, to=False)
    agree(feed, to=True)
    assert told(feed) not in {first, None}
    path = f"/api/v1/feeds/{feed.pk}/reading"
    refused = program_of(minor).put(path, {"is_known": True}, content_type="application/json")
    assert refused.status_code == 403
    names = {name.lower() for one in server.asked for name in one.headers}
    assert not names & {"cookie", "authorization", "referer", "x-forwarded-for", "forwarded"}


# --- whatever the guest does, there is a page ---


def _nested(depth: int) -> bytes:
    return b'{"feed":' + b"[" * depth + b"]" * depth + b"}"


@pytest.mark.parametrize(
    ("behaviour", "trouble"),
    [
        (silence, "late"),
        (drip(HEAD, b"X-A: b\r\n", seconds=0.05), "late"),
        (drip(HEAD + b"Content-Length: 5000\r\n\r\n", b" ", seconds=0.05), "late"),
        (drip(CHUNKED, b"1\r\n \r\n", seconds=0.05), "late"),
        (drip(CHUNKED, b"4000\r\n" + b" " * 16384 + b"\r\n", seconds=0), "wrong"),
        (raw(b""), "wrong"),
        (raw(b"\x00" * 5000), "wrong"),
        (answer(b"<html>feed</html>", content_type="text/html"), "wrong"),
        (answer(b"<html>feed</html>"), "wrong"),
        (answer(b""), "wrong"),
        (answer(b"{"), "wrong"),
        (answer(b"[]"), "wrong"),
        (answer(b"null"), "wrong"),
        (answer(b"\xff\xfe{}"), "wrong"),
        (answer(_nested(100_000)), "wrong"),
        (answer(_nested(900)), "short"),
        (says({"feed": {}}), "wrong"),
        (says({"feed": "x"}), "wrong"),
        (says({"feed": [], "cursor": 7}), "wrong"),
        (says({"feed": [], "cursor": "c" * 600}), "wrong"),
        (says({"feed": []}), "short"),
        (says({"feed": [], "cursor": "\u0000"}), "short"),
        (says({"feed": [{"clip": "x" * 500}, 1, None, [], {}]}), "short"),
        (skeleton(uuid4() for _ in range(10_000)), "short"),
        (answer(b" " * 2_000_000), "wrong"),
        (answer(BOMB, headers=["Content-Encoding: gzip"]), "wrong"),
        (answer(b"{}", status="302 Found", headers=["Location: http://127.0.0.1:1/"]), "wrong"),
        (answer(b"{}", status="503 Busy"), "wrong"),
    ],
    ids=range(28),
)  # fmt: skip
def test_a_bad_guest_costs_the_viewer_nothing_but_its_order(
    servers: ExitStack, owner: User, behaviour: Behaviour, trouble: str
) -> None:
    clips = [make_clip(owner, age=timedelta(minutes=number)) for number in range(4)]
    feed = feed_of(owner, serving(servers, behaviour))
    start = monotonic()
    page = page_of(feed, limit=3)
    assert monotonic() - start < SECONDS + 0.6
    assert ids_in(page) == texts(clips[:3])
    assert (page["meta"]["named"], page["meta"]["trouble"]) == (0, trouble)
    browser = browser_of(make_user())
    shown = browser.get(f"/feeds/{feed.pk}")
    assert shown.status_code == 200
    assert 'role="status"' in shown.content.decode()
    assert all(one in shown.content.decode() for one in texts(clips))


def test_a_server_that_is_not_there_costs_nothing_either(servers: ExitStack, owner: User) -> None:
    clip = make_clip(owner)
    server = serving(servers, silence)
    server.close()
    page = page_of(feed_of(owner, server))
    assert ids_in(page) == [str(clip.pk)]
    assert page["meta"]["trouble"] in {"wrong", "late"}


@pytest.mark.parametrize(
    "cursor_after",
    [lambda _: "same", lambda at: f"{(at + 1) % 3}", lambda at: f"{at + 1}"],
    ids=["the same cursor", "three cursors in a circle", "ever new cursors"],
)
def test_a_guest_that_loops_comes_to_an_end(
    servers: ExitStack, owner: User, cursor_after: Any
) -> None:
    clips = [make_clip(owner) for _ in range(6)]

    def loop(connection: socket.socket, query: dict[str, str]) -> None:
        cursor = query.get("cursor", "0")
        at = int(cursor) if cursor.isdigit() else 0
        skeleton([one.pk for one in clips[:3]], cursor_after(at))(connection, query)

    pages = whole_list(feed_of(owner, serving(servers, loop)), limit=2)
    assert len(pages) < 8
    shown = [one for page in pages for one in ids_in(page)]
    assert sorted(shown) == sorted(set(shown)), "no clip comes twice"
    assert shown[:3] == texts(clips[:3])


def test_an_endless_guest_ends_and_its_cursors_stay_short(servers: ExitStack, owner: User) -> None:
    clips = [make_clip(owner) for _ in range(90)]

    def endless(connection: socket.socket, query: dict[str, str]) -> None:
        at = int(query.get("cursor", "0" * 500))
        named = [clips[(at * 5 + number) % 90].pk for number in range(5)]
        skeleton(named, f"{at + 1:0500}")(connection, query)

    pages = whole_list(feed_of(owner, serving(servers, endless)), limit=5)
    shown = [one for page in pages for one in ids_in(page)]
    assert sorted(shown) == sorted(texts(clips))
    assert max(len(page["meta"]["next_cursor"] or "") for page in pages) < 4096


def test_a_guest_that_fails_is_left_alone_and_taken_back(
    servers: ExitStack, owner: User, valkey_server: "Redis"
) -> None:
    clip, other = make_clip(owner), make_clip(owner)
    server = serving(servers, silence)
    feed = feed_of(owner, server)
    assert [page_of(feed)["meta"]["trouble"] for _ in range(3)] == ["late"] * 3
    start = monotonic()
    assert [page_of(feed)["meta"]["trouble"] for _ in range(5)] == ["resting"] * 5
    assert monotonic() - start < SECONDS
    assert len(server.asked) == 3
    rest = valkey_server.ttl(f"guest:{feed.pk.hex}:rests")
    assert 0 < int(rest) <= skeletons.SHORTEST_REST_SECONDS

    valkey_server.delete(f"guest:{feed.pk.hex}:rests")
    assert page_of(feed)["meta"]["trouble"] == "late"
    longer = valkey_server.ttl(f"guest:{feed.pk.hex}:rests")
    assert int(longer) > skeletons.SHORTEST_REST_SECONDS
    server.paths["/skeleton"] = skeleton([clip.pk, other.pk])
    valkey_server.delete(f"guest:{feed.pk.hex}:rests")
    assert page_of(feed, limit=2)["meta"] == {
        "named": 2, "trouble": None, "next_cursor": None, "has_more": False,
    }  # fmt: skip
    assert not valkey_server.exists(f"guest:{feed.pk.hex}:failures")


def test_a_kept_answer_outlives_its_server_for_a_while(
    servers: ExitStack, owner: User, valkey_server: "Redis"
) -> None:
    clips = [make_clip(owner) for _ in range(2)]
    server = serving(servers, skeleton(texts(clips)))
    feed = feed_of(owner, server)
    assert ids_in(page_of(feed, limit=2)) == texts(clips)
    (key,) = valkey_server.keys(f"guest:{feed.pk.hex}:answer:*")
    kept = json.loads(valkey_server.get(key) or "")
    kept[0] -= skeletons.FRESH_SECONDS
    valkey_server.set(key, json.dumps(kept), ex=100)
    server.paths["/skeleton"] = raw(b"")
    assert page_of(feed, limit=2)["meta"]["trouble"] is None
    assert len(server.asked) == 2
    # What was hidden meanwhile is hidden, however old the answer is.
    Clip.objects.filter(pk=clips[0].pk).update(state="withdrawn", allowed_digest="")
    assert ids_in(page_of(feed, limit=2)) == [str(clips[1].pk)]


def test_slow_guests_do_not_take_all_threads(servers: ExitStack, owner: User) -> None:
    feed = feed_of(owner, serving(servers, silence))
    make_clip(owner)
    with ExitStack() as others:
        for _ in range(skeletons.AT_ONCE_PER_FEED):
            others.enter_context(skeletons._turn(feed, is_urgent=True))
        start = monotonic()
        assert page_of(feed)["meta"]["trouble"] == "busy"
        assert monotonic() - start < SECONDS / 2
    assert page_of(feed)["meta"]["trouble"] == "late"


# --- the pages ---


def test_the_pages_say_whose_order_it_is(servers: ExitStack, owner: User) -> None:
    clips = [make_clip(owner) for _ in range(2)]
    server = serving(servers, skeleton(texts(clips)))
    browser = browser_of(make_user())
    empty = browser.get("/feeds").content.decode()
    assert "Slow rain" not in empty
    made = browser_of(owner).post(
        "/feeds", {"name": "Slow rain", "description": "Rain only", "url": server.url("/skeleton")}
    )
    feed = GuestFeed.objects.get()
    assert (made.status_code, made["Location"]) == (302, f"/feeds/{feed.pk}")
    listed = browser.get("/feeds").content.decode()
    assert re.search(r"Slow rain.*Rain only", listed, re.DOTALL)
    assert "@guest_maker" in listed
    shown = browser.get(f"/feeds/{feed.pk}").content.decode()
    assert all(one in shown for one in texts(clips))
    assert "Slow rain" in shown
    more = browser.get(f"/feeds/{feed.pk}", headers={"HX-Request": "true"})
    assert "<html" not in more.content.decode()

    kept = browser.post(f"/feeds/{feed.pk}/reading", {"read": "yes", "known": "yes"})
    assert kept.status_code == 302
    assert GuestReader.objects.get().pseudonym is not None
    browser.post(f"/feeds/{feed.pk}/reading", {"read": "no"})
    assert not GuestReader.objects.exists()
    assert browser.post(f"/feeds/{feed.pk}/remove").status_code == 403
    assert Client().post("/feeds", {"name": "x"})["Location"].startswith("/accounts/login")
    assert browser_of(owner).post(f"/feeds/{feed.pk}/remove").status_code == 302
    assert not GuestFeed.objects.exists()


def test_a_refused_feed_is_told_beside_its_field(servers: ExitStack, owner: User) -> None:
    refused = browser_of(owner).post("/feeds", {"name": "Rain", "url": "http://10.0.0.1/"})
    assert refused.status_code == 400
    assert "does not lead to a public server" in refused.content.decode()
    assert 'value="Rain"' in refused.content.decode()


# --- the documents' example ---


@pytest.mark.django_db(transaction=True)
def test_the_example_in_the_documents_is_a_feed(
    live_server: Any, owner: User, tmp_path: Path, settings: Settings
) -> None:
    text = (Path(__file__).parents[2] / "docs" / "guest-feeds.md").read_text(encoding="utf-8")
    example = tmp_path / "skeleton.py"
    example.write_text(text.split("```python\n")[1].split("```")[0], encoding="utf-8")
    assert 15 <= len([line for line in example.read_text().splitlines() if line.strip()]) <= 25
    settings.GUEST_FEED_SECONDS = 5.0
    rainy = [make_clip(owner, hashtags=["rain"]) for _ in range(3)]
    make_clip(owner, hashtags=["sun"])
    with socket.create_server(("127.0.0.1", 0)) as free:
        port = free.getsockname()[1]
    environment = {"REVERIE": live_server.url, "TAG": "rain", "PORT": str(port)}
    process = subprocess.Popen(
        [sys.executable, example], env=environment, stderr=subprocess.DEVNULL
    )
    try:
        url = f"http://127.0.0.1:{port}/skeleton"
        _until_it_listens(port)
        words = {"name": "Rain", "url": url}
        made = program_of(owner).post("/api/v1/feeds", words, content_type="application/json")
        assert made.status_code == 201, made.content
        page = page_of(GuestFeed.objects.get(), limit=3)
    finally:
        process.kill()
        process.wait()
    assert (ids_in(page), page["meta"]["named"]) == (texts(rainy[::-1]), 3)


def _until_it_listens(port: int) -> None:
    for _ in range(100):
        try:
            socket.create_connection(("127.0.0.1", port), timeout=1).close()
        except ConnectionRefusedError:
            sleep(0.1)
        else:
            return
    pytest.fail("the example does not listen")
