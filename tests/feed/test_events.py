"""Events over HTTP: each counts once, for whom it may, and is known at once."""

from collections.abc import Callable
from datetime import datetime, timedelta
from typing import Any
from uuid import uuid4

import pytest
import redis
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from accounts.models import User
from clips.models import Clip, Privacy
from feed.distribution.acts import move_acts
from feed.distribution.responding import count_responses, recount_responses
from feed.models.events import Act, FeedEvent, ViewerProfile
from feed.models.responses import ClipResponses
from feed.models.wishes import FeedSettings
from feed.ranking.catalogue import RESPONSES, author_key
from feed.ranking.viewers import ViewerState
from feed.services.profiles import export_profile, reset_profile
from feed.serving.ready import dirty_key
from feed.serving.viewers import forget_state, viewer_state
from feed.serving.wishes import forget_wishes
from social.counting import add_waiting_counts
from social.models.views import View
from tests.feed.events import EVENTS, event, send
from tests.people import browser_of, make_clip, make_user, program_of

pytestmark = pytest.mark.django_db(transaction=True)


def state_of(user: User, *, now: datetime | None = None) -> ViewerState:
    return viewer_state(user, now=now or timezone.now())


def strengths(user: User) -> dict[int, float]:
    return {one.number: round(one.strength, 3) for one in state_of(user).meetings}


def number(clip: Clip) -> int:
    return clip.entry.number


def counted(clip: Clip) -> dict[str, int]:
    """What ClipResponses says of the clip, without zeros."""
    count_responses()
    row = ClipResponses.objects.filter(pk=clip.pk).values(*RESPONSES).first() or {}
    return {name: amount for name, amount in row.items() if amount}


def test_what_is_watched_is_known_at_once_and_ranked_with_from_then_on(
    valkey_server: redis.Redis,
) -> None:
    viewer, clip, other = make_user(), make_clip(make_user()), make_clip(make_user())
    browser = browser_of(viewer)
    assert state_of(viewer) == ViewerState()
    before = valkey_server.get(dirty_key(viewer.pk))

    answer = send(browser, event(clip, "impression"), event(clip), event(other, "skip"))

    assert answer.json() == {"taken": 3, "refused": []}
    state = state_of(viewer)
    assert list(state.seen) == [number(clip), number(other)]
    assert strengths(viewer)[number(clip)] > 0 > strengths(viewer)[number(other)]
    assert (
        state.authors[author_key(clip.author_id)] > 0 > state.authors[author_key(other.author_id)]
    )
    assert valkey_server.get(dirty_key(viewer.pk)) != before
    assert counted(clip) == {"impressions": 1, "watched": 1, "completions": 1}
    assert counted(other) == {"skips": 1}


def test_what_is_sent_again_counts_once_even_when_it_is_tomorrow() -> None:
    viewer, clip = make_user(), make_clip(make_user())
    browser, watch = browser_of(viewer), event(clip)
    for _ in range(2):
        assert send(browser, watch, watch).json()["taken"] == 2

    FeedEvent.objects.update(day=timezone.now().date() - timedelta(days=1))
    assert send(browser, watch).json()["taken"] == 1

    assert FeedEvent.objects.count() == View.objects.count() == 1
    add_waiting_counts()
    clip.refresh_from_db()
    assert (clip.view_count, clip.completion_count) == (1, 1)
    # Somebody else may have chosen the same id.
    send(browser_of(make_user()), watch)
    assert FeedEvent.objects.count() == 2


def test_the_good_events_of_a_batch_are_kept_and_the_bad_ones_named() -> None:
    viewer, clip = make_user(), make_clip(make_user())
    bad: list[tuple[Any, str, str | None]] = [
        ("watch", "invalid_value", None),
        (event(clip, "like"), "own_act", "action"),
        (event(clip, "dance"), "invalid_value", "action"),
        (event(clip) | {"id": "1"}, "invalid_value", "id"),
        (event(clip) | {"clip_id": None}, "invalid_value", "clip_id"),
        (event(clip, ago_seconds=24 * 3600 + 1), "too_old", "ago_seconds"),
        (event(clip, watched_seconds=-1), "invalid_value", "watched_seconds"),
        (event(clip, watched_seconds=True), "invalid_value", "watched_seconds"),
        (event(clip, watched_seconds=0.1), "invalid_value", "watched_seconds"),
        (event(clip, watched_seconds=10**400), "invalid_value", "watched_seconds"),
        (event(clip, loops=1.5), "invalid_value", "loops"),
        (event(clip, position=-1), "invalid_value", "position"),
        (event(clip, request_id="x"), "invalid_value", "request_id"),
        (event(clip, viewer="me"), "invalid_value", "viewer"),
    ]
    good = event(clip, ago_seconds=3600, request_id=str(uuid4()), position=3)

    answer = send(browser_of(viewer), *(one for one, _, _ in bad), good).json()

    assert answer["taken"] == 1
    told = [(one["index"], one["code"], one["field"]) for one in answer["refused"]]
    assert told == [(index, code, field) for index, (_, code, field) in enumerate(bad)]
    kept = FeedEvent.objects.get()
    assert timedelta(minutes=59) < timezone.now() - kept.at < timedelta(minutes=61)
    assert (str(kept.request), kept.position) == (good["request_id"], 3)


@pytest.mark.parametrize("body", [[], {}, {"events": {}}, {"events": []}, {"events": [1] * 101}])
def test_what_is_no_batch_is_refused_as_a_whole(body: Any) -> None:
    answer = browser_of(make_user()).post(EVENTS, body, content_type="application/json")
    assert answer.status_code == 400, answer.content


def test_nobody_watches_more_than_is_possible_nor_what_is_yet_to_come() -> None:
    viewer, clip = make_user(), make_clip(make_user())
    send(
        browser_of(viewer),
        event(clip, watched_seconds=80_000, loops=30_000, ago_seconds=-3600),
        event(clip, watched_seconds=1, loops=7),
    )
    long, short = FeedEvent.objects.order_by("-watched_seconds")
    assert (long.watched_seconds, long.loops, long.is_completed) == (40.0, 20, True)
    assert (short.watched_seconds, short.loops, short.is_completed) == (1.0, 0, False)
    assert long.at <= timezone.now()


def test_events_of_clips_that_one_may_not_see_count_nowhere_and_tell_nothing() -> None:
    viewer, author = make_user(), make_user()
    hidden = [make_clip(author, privacy=Privacy.ONLY_ME), make_clip(author, published=False)]
    shown = make_clip(author)
    nowhere = event(shown) | {"clip_id": str(uuid4())}

    answers = [send(browser_of(viewer), one) for one in (*map(event, hidden), nowhere)]
    answers.append(send(browser_of(viewer), event(shown)))

    assert {answer.content for answer in answers} == {answers[0].content}
    assert [one.clip_id for one in FeedEvent.objects.all()] == [shown.pk]
    assert View.objects.count() == 1


def test_what_an_author_does_with_their_own_clip_teaches_nothing() -> None:
    clip = make_clip(make_user())
    send(browser_of(clip.author), event(clip), event(clip, "share"))
    browser_of(clip.author).put(f"/api/v1/clips/{clip.pk}/like")
    move_acts(now=timezone.now())
    assert not FeedEvent.objects.exists()
    assert View.objects.count() == 1


def test_of_a_visitor_only_views_are_counted() -> None:
    clip = make_clip(make_user())
    watch = event(clip)
    answer = send(Client(), watch, event(clip, "not_interested"), event(clip, "impression"))
    send(Client(), watch)

    assert answer.json()["taken"] == 1
    assert {one["code"] for one in answer.json()["refused"]} == {"login_required"}
    assert not FeedEvent.objects.exists()
    assert View.objects.get().viewer is None
    assert counted(clip) == {}


def test_one_clip_is_watched_six_times_a_minute_at_most() -> None:
    viewer, clip, other = make_user(), make_clip(make_user()), make_clip(make_user())
    answer = send(browser_of(viewer), *(event(clip) for _ in range(8)), event(other)).json()
    assert answer["taken"] == 7
    assert [one["code"] for one in answer["refused"]] == ["rate_limit_exceeded"] * 2


def test_a_beacon_carries_the_token_in_its_body() -> None:
    viewer, clip = make_user(), make_clip(make_user())
    browser = Client(enforce_csrf_checks=True)
    browser.force_login(viewer)
    token = browser.get("/").context["csrf_token"]
    body: dict[str, Any] = {"events": [event(clip)]}

    def beacon(**more: Any) -> int:
        answer = browser.post(EVENTS, body | more, content_type="application/json")
        return browser.generic(
            "POST", EVENTS, answer.wsgi_request.body, content_type="text/plain;charset=UTF-8"
        ).status_code

    assert beacon() == 403
    assert beacon(csrf_token="x" * 64) == 403
    assert not FeedEvent.objects.exists()
    assert beacon(csrf_token=str(token)) == 200
    assert FeedEvent.objects.get().viewer == viewer
    foreign = browser.generic(
        "POST", EVENTS, b'{"events": [1], "csrf_token": "%s"}' % str(token).encode(),
        content_type="text/plain", headers={"origin": "https://elsewhere.example"},
    )  # fmt: skip
    assert foreign.status_code == 403


def test_a_program_sends_events_as_its_owner() -> None:
    viewer, clip = make_user(), make_clip(make_user())
    assert send(program_of(viewer), event(clip)).status_code == 200
    assert FeedEvent.objects.get().viewer == viewer
    wrong = Client(headers={"authorization": "Bearer sk-wrong"})
    assert send(wrong, event(clip)).status_code == 401


# --- acts that are told by the server ---


def did_by_api(viewer: User, clip: Clip) -> None:
    browser = browser_of(viewer)
    assert browser.put(f"/api/v1/clips/{clip.pk}/like").status_code == 200
    assert browser.put(f"/api/v1/users/{clip.author.handle}/follow").status_code == 200
    said = browser.post(
        f"/api/v1/clips/{clip.pk}/comments", {"text": "lovely"}, content_type="application/json"
    )
    assert said.status_code == 201, said.content


def did_on_pages(viewer: User, clip: Clip) -> None:
    browser = browser_of(viewer)
    browser.post(f"/clips/{clip.pk}/like", {"liked": "yes"})
    browser.post(f"/@{clip.author.handle}/follow", {"followed": "yes"})
    browser.post(f"/clips/{clip.pk}/comments", {"text": "lovely"})


@pytest.mark.parametrize("do", [did_by_api, did_on_pages])
def test_an_act_counts_at_once_and_once_whichever_way_it_was_done(
    do: Callable[[User, Clip], None],
) -> None:
    viewer, clip = make_user(), make_clip(make_user())
    send(browser_of(viewer), event(clip, "impression"))
    assert strengths(viewer) == {number(clip): 0.0}
    do(viewer, clip)

    at_once = state_of(viewer)
    assert strengths(viewer)[number(clip)] >= 0.8
    assert at_once.followed == {author_key(clip.author_id)}
    assert Act.objects.count() == 3
    for _ in range(2):
        move_acts(now=timezone.now())

    assert not Act.objects.exists()
    actions = FeedEvent.objects.exclude(action="impression").values_list("action", "clip_id")
    assert sorted(actions) == [(name, clip.pk) for name in ("comment", "follow", "like")]
    assert state_of(viewer).authors[author_key(clip.author_id)] == pytest.approx(
        at_once.authors[author_key(clip.author_id)], abs=0.01
    )
    assert counted(clip) == {"impressions": 1, "likes": 1, "comments": 1, "follows": 1}
    browser_of(viewer).delete(f"/api/v1/clips/{clip.pk}/like")
    move_acts(now=timezone.now())
    assert "likes" not in counted(clip)


# --- what is kept, and for whom ---


def test_of_who_is_not_profiled_nothing_is_kept_and_everything_counts_for_the_clip() -> None:
    viewer, clip = make_user(), make_clip(make_user())
    FeedSettings.objects.create(user=viewer, is_profiled=False)
    forget_wishes(viewer.pk)
    browser, watch = browser_of(viewer), event(clip, request_id=str(uuid4()))
    for _ in range(2):
        assert send(browser, watch).json()["taken"] == 1
    did_by_api(viewer, clip)
    move_acts(now=timezone.now())

    assert state_of(viewer) == ViewerState(followed=frozenset({author_key(clip.author_id)}))
    assert not FeedEvent.objects.exclude(viewer=None, request=None).exists()
    assert not View.objects.exclude(viewer=None).exists()
    assert not ViewerProfile.objects.exists()
    assert counted(clip) == {"watched": 1, "completions": 1, "likes": 1, "comments": 1}


def test_a_person_takes_what_is_known_along_and_has_it_forgotten() -> None:
    viewer, clip, other = make_user(), make_clip(make_user()), make_clip(make_user())
    send(browser_of(viewer), event(clip), event(other, "not_interested"))
    send(browser_of(make_user()), event(clip))
    told = export_profile(viewer, now=timezone.now())
    assert [one["action"] for one in told["events"]] == ["watch", "not_interested"]
    assert told["seen_clip_numbers"] == [number(clip), number(other)]

    reset_profile(viewer)

    assert state_of(viewer) == ViewerState()
    assert export_profile(viewer, now=timezone.now())["events"] == []
    assert FeedEvent.objects.count() == 3
    assert FeedEvent.objects.filter(viewer=None).count() == 2
    count_responses()
    assert recount_responses() == 0
    send(browser_of(viewer), event(clip))
    assert list(state_of(viewer).seen) == [number(clip)]


def test_who_is_deleted_is_gone_from_the_log() -> None:
    viewer, other, clip = make_user(), make_user(), make_clip(make_user())
    for person in (viewer, other):
        send(browser_of(person), event(clip))
        browser_of(person).put(f"/api/v1/clips/{clip.pk}/like")
    move_acts(now=timezone.now())
    viewer.delete()
    move_acts(now=timezone.now())

    assert set(FeedEvent.objects.values_list("viewer", flat=True)) == {other.pk}
    count_responses()
    assert recount_responses() == 1
    assert counted(clip) == {"watched": 1, "completions": 1, "likes": 1}


def test_who_is_not_to_be_profiled_any_more_is_forgotten() -> None:
    viewer, clip = make_user(), make_clip(make_user())
    browser = browser_of(viewer)
    send(browser, event(clip))
    told = {"is_profiled": False}
    answer = browser.patch("/api/v1/feed/settings", told, content_type="application/json")
    assert answer.status_code == 200, answer.content

    assert state_of(viewer) == ViewerState()
    assert FeedEvent.objects.get().viewer is None
    assert View.objects.get().viewer is None
    assert counted(clip) == {"watched": 1, "completions": 1}


def test_long_histories_are_kept_in_short_and_come_to_the_same() -> None:
    viewer, author = make_user(), make_user()
    clips = [make_clip(author) for _ in range(60)]
    browser = browser_of(viewer)
    actions = ("impression", "watch", "share", "not_interested")
    for action in actions:
        send(browser, *(event(clip, action) for clip in clips))
    kept = ViewerProfile.objects.get()
    assert FeedEvent.objects.filter(sequence__gt=kept.through).count() < FeedEvent.objects.count()
    now = timezone.now()
    short = state_of(viewer, now=now)
    assert len(short.seen) == len(short.meetings) == 60

    ViewerProfile.objects.all().delete()
    forget_state(viewer.pk)
    long = state_of(viewer, now=now)
    assert long.seen == short.seen
    assert long.meetings == short.meetings
    assert long.authors == pytest.approx(short.authors)


def test_what_is_known_costs_no_query_and_one_where_nothing_is_kept(
    valkey_server: redis.Redis,
) -> None:
    viewer, clip = make_user(), make_clip(make_user())
    send(browser_of(viewer), event(clip))
    now = timezone.now()
    state_of(viewer)
    with CaptureQueriesContext(connection) as warm:
        known = state_of(viewer, now=now)
    valkey_server.delete(f"feed:viewer:{viewer.pk.hex}")
    with CaptureQueriesContext(connection) as cold:
        assert state_of(viewer, now=now) == known
    assert (len(warm), len(cold)) == (0, 1)
