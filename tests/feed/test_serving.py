"""Ready pages over HTTP: as the long way answers them, safe to repeat, never what is hidden."""

import sys
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from threading import Event
from typing import Any
from uuid import UUID

import pytest
import redis
from django.apps import apps
from django.core.management import call_command
from django.core.management.sql import emit_pre_migrate_signal
from django.db import connection
from django.test import Client
from django.utils import timezone
from redis.backoff import NoBackoff
from redis.retry import Retry

from accounts.models import User
from accounts.services import close_account, revoke_api_key, set_own_birth_year
from clips.models import Clip
from clips.services import delete_clip, edit_clip, keep_from_minors, publish_clip, withdraw_clip
from clips.states import CLIP_STATES, SCREENING
from common.memory import valkey
from common.transitions import move
from feed.distribution import invalidating
from feed.distribution.cataloguing import write_catalogue
from feed.distribution.entering import give_meanings
from feed.models.serving import Artefact, Change
from feed.services.wishes import hide_creator
from feed.serving import leases, lines, people
from feed.serving.catalogues import loaded_catalogue, note_changed_catalogue
from feed.serving.fragments import build_fragments, drop_fragments, fragment_key
from feed.serving.leases import keep, leased
from feed.serving.lists import RANKED
from feed.serving.quick import RING_SECONDS
from feed.serving.viewers import forget_state
from feed.serving.wishes import free_key
from feed.tasks import write_catalogue as write_catalogue_when_due
from social.counting import add_waiting_counts
from social.services.blocking import block
from social.services.following import follow
from social.services.liking import like, unlike
from tests.people import browser_of, make_clip, make_user, program_of

pytestmark = pytest.mark.django_db(transaction=True)

FEED = "/api/v1/feed"


def catalogued() -> None:
    """What workers do after clips were published."""
    give_meanings(most=1000)
    write_catalogue(now=timezone.now())
    loaded_catalogue().look()


def many_clips(number: int) -> list[Clip]:
    authors = [make_user() for _ in range(4)]
    clips = [
        make_clip(authors[n % 4], caption=f"clip {n}", age=timedelta(minutes=n))
        for n in range(number)
    ]
    catalogued()
    return clips


def get(client: Client, **query: Any) -> Any:
    return client.get(FEED, query)


def captions(answer: Any) -> list[str]:
    return [clip["caption"] for clip in answer.json()["data"]]


def walk(client: Client, **query: Any) -> list[str]:
    found, cursor = list[str](), ""
    for _ in range(50):
        answer = get(client, **query, **({"cursor": cursor} if cursor else {}))
        found += captions(answer)
        cursor = answer.json()["meta"]["next_cursor"]
        if not cursor:
            return found
    raise AssertionError("the list does not end")


@pytest.mark.parametrize("mode", ["for_you", "trending", "unprofiled"])
def test_a_list_shows_everything_once_and_ends(mode: str) -> None:
    clips = many_clips(25)
    for client in (program_of(make_user()), browser_of(make_user()), Client()):
        shown = walk(client, mode=mode)
        assert sorted(shown) == sorted(clip.caption for clip in clips)


def test_a_page_asked_for_again_is_the_same_page(django_assert_num_queries: Any) -> None:
    many_clips(30)
    program = program_of(make_user())
    first = get(program).json()
    with django_assert_num_queries(0):
        second = get(program, cursor=first["meta"]["next_cursor"])
    third = get(program, cursor=second.json()["meta"]["next_cursor"])
    again = get(program, cursor=first["meta"]["next_cursor"])
    assert captions(again) == captions(second)
    assert not set(captions(third)) & set(captions(second))


def long_way(client: Client, **query: Any) -> Any:
    """The same page as DRF answers it: what it is asked in is no ordinary way."""
    return client.get(FEED, query, headers={"accept": "application/json;q=0.9, */*;q=0.1"})


def test_a_ready_page_is_byte_for_byte_what_the_long_way_answers() -> None:
    clips = many_clips(12)
    viewer = make_user()
    like(viewer, clips[0].pk)
    follow(viewer, clips[1].author.handle)
    edit_clip(clips[2].author, clips[2].pk, caption="a\u2028b <é> 日本", now=timezone.now())
    publish(clips[2])
    catalogued()
    add_waiting_counts()
    program = program_of(viewer)
    cursor = get(program, limit=1).json()["meta"]["next_cursor"]
    ready, long = get(program, cursor=cursor), long_way(program, cursor=cursor)
    assert ready.content == long.content
    for client in (program, browser_of(viewer), Client()):
        for _ in range(2):
            ready = get(client)
        long = long_way(client)
        assert {**ready.headers, "Content-Length": ""} == {**long.headers, "Content-Length": ""}
    flags = [clip["viewer"] for clip in walk_clips(program)]
    assert sum(flag["liked"] for flag in flags) == 1
    assert sum(flag["following"] for flag in flags) == 3


@pytest.mark.parametrize("way", [get, long_way])
def test_what_is_said_anew_is_shown_once_it_is_ranked_anew(way: Callable[..., Any]) -> None:
    """So that a muted word does not come back in a caption that was ranked without it."""
    clips = many_clips(4)
    program = program_of(make_user())
    assert program.put("/api/v1/feed/muted-words/spider").status_code == 204
    cursor = way(program, limit=1).json()["meta"]["next_cursor"]
    for clip, words in zip(clips, ("A Spider", "two spiders", "rain", "rain"), strict=True):
        edit_clip(clip.author, clip.pk, caption=words, now=timezone.now())
        publish(clip)
    assert captions(way(program, cursor=cursor)) == []
    assert captions(way(program)) == []
    catalogued()
    assert captions(way(program)) == ["rain", "rain"]


def walk_clips(client: Client) -> list[Any]:
    found, page = list[Any](), get(client).json()
    while page["meta"]["has_more"]:
        found += page["data"]
        page = get(client, cursor=page["meta"]["next_cursor"]).json()
    return found + list(page["data"])


def publish(clip: Clip) -> None:
    clip.refresh_from_db()
    move(clip, states=CLIP_STATES, to=SCREENING, now=timezone.now())
    publish_clip(clip, allowed_digest=clip.digest, now=timezone.now())


def hide_withdrawn(clip: Clip, _viewer: User) -> None:
    withdraw_clip(clip, reason="no", now=timezone.now())


def hide_private(clip: Clip, _viewer: User) -> None:
    edit_clip(clip.author, clip.pk, privacy="only_me", now=timezone.now())


def hide_deleted(clip: Clip, _viewer: User) -> None:
    delete_clip(clip.author, clip.pk, now=timezone.now())


def hide_suspended(clip: Clip, _viewer: User) -> None:
    close_account(clip.author)


def hide_reworded(clip: Clip, _viewer: User) -> None:
    edit_clip(clip.author, clip.pk, caption="other words", now=timezone.now())


def hide_limited(clip: Clip, _viewer: User) -> None:
    publish_clip(clip, allowed_digest=clip.digest, limits=["no_recommendation"], now=timezone.now())


def hide_age_gated(clip: Clip, _viewer: User) -> None:
    publish_clip(clip, allowed_digest=clip.digest, limits=["age_gate"], now=timezone.now())


def hide_blocked(clip: Clip, viewer: User) -> None:
    block(viewer, clip.author.handle)


def hide_blocking(clip: Clip, viewer: User) -> None:
    block(clip.author, viewer.handle)


def hide_from_minors(clip: Clip, viewer: User) -> None:
    keep_from_minors(clip, is_kept=True)
    set_own_birth_year(viewer, timezone.now().year - 15, now=timezone.now())


HIDING = [
    value
    for name, value in dict(globals()).items()
    if name.startswith("hide_") and name != "hide_creator"
]


@pytest.mark.parametrize("hide", HIDING)
def test_what_is_hidden_is_on_no_page_from_that_moment(
    hide: Callable[[Clip, User], None], noon: None
) -> None:
    author, viewer = make_user(), make_user()
    gone = make_clip(author, caption="gone")
    for number in range(5):
        make_clip(make_user(), caption=f"stays {number}")
    catalogued()
    begun = []
    for client in (program_of(viewer), browser_of(viewer)):
        for mode in RANKED:
            assert "gone" in walk(client, mode=mode)
            # A list that is begun, with the rest of it ranked and ready.
            begun.append((client, mode, get(client, mode=mode, limit=1).json()))

    hide(gone, viewer)

    for client, mode, first in begun:
        assert {"gone", "other words"}.isdisjoint(walk(client, mode=mode))
        for answer in (
            get(client, mode=mode),
            get(client, mode=mode, cursor=first["meta"]["next_cursor"]),
            long_way(client, mode=mode),
        ):
            assert {"gone", "other words"}.isdisjoint(captions(answer))
            assert len(captions(answer)) >= 4


def test_a_login_that_ended_opens_nothing() -> None:
    many_clips(12)
    viewer = make_user()
    program, browser = program_of(viewer), browser_of(viewer)
    liked = get(program).json()["data"][0]["id"]
    like(viewer, UUID(liked))

    def flags(client: Client) -> int:
        data = get(client, limit=50).json()["data"]
        return sum(clip["viewer"]["liked"] for clip in data)

    for client in (program, browser):
        assert [flags(client) for _ in range(3)] == [1, 1, 1]
    revoke_api_key(viewer, viewer.api_keys.get().pk, now=timezone.now())
    assert get(program).status_code == 401
    assert flags(browser) == 1
    browser.logout()
    browser.cookies.clear()
    assert flags(browser) == 0


def test_the_key_of_who_is_suspended_opens_nothing() -> None:
    many_clips(3)
    viewer = make_user()
    program, browser = program_of(viewer), browser_of(viewer)
    for client in (program, browser):
        for _ in range(2):
            assert get(client).status_code == 200
    close_account(viewer)
    assert get(program).status_code == 401
    assert not any(clip["viewer"]["is_author"] for clip in get(browser).json()["data"])


def test_the_unserved_tail_is_ranked_anew_when_the_viewer_changed() -> None:
    many_clips(30)
    viewer = make_user()
    program = program_of(viewer)
    first = get(program).json()
    cursor = first["meta"]["next_cursor"]
    second = captions(get(program, cursor=cursor))
    disliked = Clip.objects.get(caption=second[-1]).author
    third = get(program, cursor=cursor).json()["meta"]["next_cursor"]

    hide_creator(viewer, disliked.handle, now=timezone.now())

    assert captions(get(program, cursor=cursor)) == second
    rest = captions(get(program, cursor=third))
    theirs = {clip.caption for clip in Clip.objects.filter(author=disliked)}
    assert rest
    assert not theirs & set(rest)
    assert not set(rest) & {*second, *(clip["caption"] for clip in first["data"])}


def test_likes_counts_and_follows_show_on_the_next_page(django_assert_num_queries: Any) -> None:
    clips, viewer = many_clips(5), make_user()
    program = program_of(viewer)
    get(program)
    like(viewer, clips[0].pk)
    follow(viewer, clips[0].author.handle)
    add_waiting_counts()
    cursor = get(program, limit=1).json()["meta"]["next_cursor"]
    assert cursor
    with django_assert_num_queries(0):
        again = get(program, cursor=cursor)
    card = next(clip for clip in walk_clips(program) if clip["id"] == str(clips[0].pk))
    assert again.status_code == 200
    assert card["viewer"] == {"liked": True, "following": True, "is_author": False}
    assert card["counts"]["likes"] == 1
    unlike(viewer, clips[0].pk)
    card = next(clip for clip in walk_clips(program) if clip["id"] == str(clips[0].pk))
    assert not card["viewer"]["liked"]


def test_a_minor_is_shown_nothing_kept_from_them(noon: None) -> None:
    clips = many_clips(4)
    keep_from_minors(clips[0], is_kept=True)
    minor = make_user(birth_year=timezone.now().year - 15)
    assert clips[0].caption not in walk(program_of(minor))
    assert clips[0].caption in walk(program_of(make_user()))


LOGIN_QUERIES = {"key": 1, "session": 2}
"""What Django and DRF ask to find out whose a key or a session is."""


@pytest.mark.parametrize("login", LOGIN_QUERIES)
def test_a_cold_page_takes_two_queries_beside_those_of_the_login(
    login: str, valkey_server: Any, django_assert_num_queries: Any
) -> None:
    clips, viewer = many_clips(30), make_user()
    like(viewer, clips[0].pk)
    follow(viewer, clips[1].author.handle)
    client = program_of(viewer) if login == "key" else browser_of(viewer)
    known = flags_in(get(client, limit=30))
    assert known == [(False, False)] * 21 + [(False, True)] * 8 + [(True, False)]

    valkey_server.flushall()
    with django_assert_num_queries(LOGIN_QUERIES[login] + 2):
        assert len(captions(get(client))) == 10
    with django_assert_num_queries(0):
        assert flags_in(get(client, limit=30)) == known


def test_what_a_page_lost_is_asked_for_in_one_query_each(django_assert_num_queries: Any) -> None:
    clips, viewer = many_clips(30), make_user()
    client = browser_of(viewer)
    get(client, limit=30)
    people.forget_logins([people.session_login(str(client.session.session_key))])
    with django_assert_num_queries(LOGIN_QUERIES["session"]):
        get(client)
    valkey().delete(free_key(viewer.pk))
    with django_assert_num_queries(0):
        get(client)
    forget_state(viewer.pk)
    drop_fragments(clip.pk for clip in clips)
    with django_assert_num_queries(2):
        get(client, limit=30)
    people.forget_people([viewer.pk])
    with django_assert_num_queries(LOGIN_QUERIES["session"] + 1):
        get(client)


def flags_in(answer: Any) -> list[tuple[bool, bool]]:
    """Of every clip whether it is liked, and its author followed; in order of these."""
    viewer = [clip["viewer"] for clip in answer.json()["data"]]
    return sorted((one["liked"], one["following"]) for one in viewer)


def test_pages_go_on_while_valkey_loses_everything(valkey_server: Any) -> None:
    clips = many_clips(25)
    program = program_of(make_user())
    first = get(program).json()
    get(program, cursor=first["meta"]["next_cursor"])
    valkey_server.flushall()
    answer = get(program, cursor=first["meta"]["next_cursor"])
    assert len(captions(answer)) == 10
    assert sorted(walk(program)) == sorted(clip.caption for clip in clips)


def test_pages_are_newest_first_without_valkey(
    monkeypatch: pytest.MonkeyPatch, settings: Any
) -> None:
    many_clips(25)
    program = program_of(make_user())
    ready = get(program).json()
    get(program)

    gone = redis.Redis(unix_socket_path="/nowhere/valkey.sock", retry=Retry(NoBackoff(), 0))

    def nowhere() -> redis.Redis:
        return gone

    for module in [
        one for name, one in sys.modules.items() if name.startswith(("feed.", "common."))
    ]:
        if hasattr(module, "valkey"):
            monkeypatch.setattr(module, "valkey", nowhere)
    lines.script.cache_clear()
    lines.hang_up()
    people._script.cache_clear()
    leases._keeper.cache_clear()
    try:
        shown = walk(program)
        page = get(program).json()
        onwards = get(program, cursor=ready["meta"]["next_cursor"])
    finally:
        lines.script.cache_clear()
        people._script.cache_clear()
        leases._keeper.cache_clear()
    assert shown == [f"clip {number}" for number in range(25)]
    assert page["data"][0].keys() == ready["data"][0].keys()
    assert len(captions(onwards)) == 10


def test_a_connection_that_died_is_another_one_for_the_same_page() -> None:
    many_clips(12)
    program = program_of(make_user())
    get(program)
    first = get(program).json()
    onwards = get(program, cursor=first["meta"]["next_cursor"])
    valkey().client_kill_filter(_type="normal", skipme=True)
    assert get(program, cursor=first["meta"]["next_cursor"]).content == onwards.content
    valkey().config_resetstat()
    assert get(program, cursor=first["meta"]["next_cursor"]).content == onwards.content
    assert valkey().info("commandstats")["cmdstat_evalsha"]["calls"] == 1


def test_visitors_share_a_page_for_two_seconds_at_most(monkeypatch: pytest.MonkeyPatch) -> None:
    clips = many_clips(3)
    assert get(Client(), mode="trending").status_code == 200
    withdraw_clip(clips[0], reason="no", now=timezone.now())
    moment = time.monotonic()
    monkeypatch.setattr("feed.serving.quick.time.monotonic", lambda: moment + RING_SECONDS + 0.1)
    assert clips[0].caption not in captions(get(Client(), mode="trending"))


def test_a_fragment_read_before_a_change_is_not_written_after_it() -> None:
    clip = many_clips(1)[0]
    key = fragment_key(clip.pk)
    drop_fragments([clip.pk])
    lease = leased([key])
    with ThreadPoolExecutor(1) as elsewhere:
        elsewhere.submit(in_thread(lambda: hide_withdrawn(clip, clip.author))).result()
    assert keep({key: b"1old"}, lease, seconds=60) == 0
    assert valkey().get(key) is None
    build_fragments([clip.pk])
    assert valkey().get(key) == b""


def test_workers_prepare_the_cards_of_what_pages_are_ranked_from() -> None:
    clips = many_clips(3)
    drop_fragments([clips[0].pk])
    note_changed_catalogue()
    Artefact.objects.update(made_at=timezone.now() - timedelta(minutes=1))
    write_catalogue_when_due()
    for clip in clips:
        assert f'"{clip.caption}"'.encode() in (valkey().get(fragment_key(clip.pk)) or b"")


def test_builders_and_changes_at_once_never_leave_an_old_fragment() -> None:
    clip = many_clips(1)[0]
    stop = Event()

    def build() -> None:
        while not stop.is_set():
            build_fragments([clip.pk])

    with ThreadPoolExecutor(3) as threads:
        builders = [threads.submit(in_thread(build)) for _ in range(3)]
        for number in range(40):
            User.objects.filter(pk=clip.author_id).update(display_name=f"name {number}")
            deadline = time.monotonic() + 5
            while time.monotonic() < deadline:
                fragment = valkey().get(fragment_key(clip.pk))
                if fragment is not None:
                    assert f'"name {number}"'.encode() in fragment
                    break
        stop.set()
        for builder in builders:
            builder.result()


def in_thread(act: Callable[[], object]) -> Callable[[], None]:
    def acting() -> None:
        try:
            act()
        finally:
            connection.close()

    return acting


def test_a_change_whose_process_died_is_found_by_the_round() -> None:
    clip = many_clips(1)[0]
    program = program_of(make_user())
    assert walk(program) == [clip.caption]
    with connection.cursor() as cursor:
        # As psql would: past Django, and past who listens to it.
        cursor.cursor.execute("UPDATE clips_clip SET privacy = 'only_me' WHERE id = %s", [clip.pk])
    assert valkey().get(fragment_key(clip.pk))
    assert invalidating.work_off_changes() >= 1
    assert walk(program) == []


def test_changes_wait_while_valkey_is_away(monkeypatch: pytest.MonkeyPatch) -> None:
    clip = many_clips(1)[0]
    walk(program_of(make_user()))

    def fails(_: object) -> None:
        raise redis.ConnectionError

    with monkeypatch.context() as broken:
        broken.setattr(invalidating, "drop_fragments", fails)
        hide_withdrawn(clip, clip.author)
    assert Change.objects.exists()
    assert invalidating.work_off_changes() >= 1
    assert not Change.objects.exists()
    assert not valkey().get(fragment_key(clip.pk))


def test_what_a_migration_writes_waits_until_the_tables_are_there() -> None:
    author = make_user()
    make_clip(author)
    assert not Change.objects.exists()
    emit_pre_migrate_signal(verbosity=0, interactive=False, db="default", apps=apps, plan=[])
    make_clip(author)
    assert Change.objects.exists()
    call_command("migrate", verbosity=0)
    make_clip(author)
    assert not Change.objects.exists()


def test_a_list_that_valkey_lost_half_of_begins_anew_where_it_was(
    valkey_server: redis.Redis,
) -> None:
    many_clips(30)
    program = program_of(make_user())
    first = get(program).json()
    keys: Any = valkey_server.keys("feed:ready:*")
    (entries,) = [key for key in keys if not key.endswith((b":meta", b":picks"))]
    valkey_server.delete(entries)
    second = get(program, cursor=first["meta"]["next_cursor"])
    assert len(captions(second)) == 10
    assert get(program, cursor=second.json()["meta"]["next_cursor"]).status_code == 200


def test_a_page_that_was_asked_for_and_never_read_is_nobody_elses(
    valkey_server: redis.Redis,
) -> None:
    text = "return {ARGV[1], string.rep(ARGV[1], 100000)}"
    forgotten, read = lines.Question(text, ["one"]), lines.Question(text, ["two"])
    assert read.answer()[0] == b"two"
    assert forgotten.answer()[0] == b"one"
    valkey_server.script_flush()
    assert lines.answer_of(text, ["three"])[0] == b"three"
    lost = lines.Question(text, ["four"])
    lines.hang_up()
    assert lost.answer()[0] == b"four"
    assert lines.answer_of(text, ["five"])[0] == b"five"


def test_a_request_counts_once_though_its_page_is_asked_for_ahead(
    valkey_server: redis.Redis,
) -> None:
    many_clips(12)
    viewer = make_user()
    program = program_of(viewer)
    for _ in range(3):
        assert get(program).status_code == 200
    assert int(valkey_server.get(f"limit:person:{viewer.pk}") or 0) == 3
