"""The logs' days, what was served, and what happens when processes die or Valkey is emptied."""

import os
import signal
import subprocess
import sys
from datetime import UTC, date, datetime, timedelta
from uuid import UUID

import pytest
import redis
from django.db import connection
from django.db.models import Count
from django.test import Client
from django.utils import timezone

from accounts.models import User
from clips.services import delete_clip
from feed.distribution.acts import move_acts
from feed.distribution.cataloguing import write_catalogue
from feed.distribution.days import keep_days
from feed.distribution.entering import give_meanings
from feed.distribution.responding import count_responses, recount_responses
from feed.distribution.served import write_served
from feed.models.entries import Entry
from feed.models.events import Act, FeedEvent
from feed.models.impressions import Impression
from feed.models.responses import ClipResponses
from feed.models.wishes import FeedSettings
from feed.selectors.impressions import impression_of
from feed.serving.catalogues import loaded_catalogue
from feed.serving.scripts import STREAM
from feed.serving.viewers import viewer_state
from social.models.views import View
from social.services.liking import like
from social.services.watching import note_view
from tests.feed.events import event, send
from tests.people import browser_of, make_clip, make_user

pytestmark = pytest.mark.django_db(transaction=True)


def tables() -> set[str]:
    with connection.cursor() as cursor:
        cursor.execute("SELECT relid::regclass::text FROM pg_partition_tree('feed_event')")
        return {row[0] for row in cursor.fetchall()}


def lies_in(row_id: UUID) -> str:
    """The table in which an event lies."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT tableoid::regclass::text FROM feed_event WHERE id = %s", [row_id])
        return str(cursor.fetchone()[0])


def serve(viewer: User) -> None:
    """Give the viewer a page of all there is, as it is ranked now."""
    give_meanings(most=1000)
    write_catalogue(now=timezone.now())
    loaded_catalogue().look()
    answer = browser_of(viewer).get("/api/v1/feed")
    assert answer.status_code == 200
    assert answer.json()["data"]


def test_days_are_made_ahead_and_dropped_while_their_counts_stay() -> None:
    viewer, clip = make_user(), make_clip(make_user())
    send(browser_of(viewer), event(clip), event(clip, "impression"))
    count_responses()
    now = timezone.now()
    note_view(viewer, clip.pk, watched_seconds=2, completed=True, now=now - timedelta(days=99))

    later = now + timedelta(days=20)
    keep_days(now=later)
    assert {f"feed_event_{later + timedelta(days=ahead):%Y%m%d}" for ahead in range(4)} <= tables()
    assert FeedEvent.objects.count() == 2

    keep_days(now=now + timedelta(days=91))
    assert f"feed_event_{now:%Y%m%d}" not in tables()
    assert not FeedEvent.objects.exists()
    assert recount_responses() == 0
    row = ClipResponses.objects.get()
    assert (row.watched, row.impressions, row.likes) == (1, 1, 0)
    # Views stay counted, and are nobody's.
    assert View.objects.count() == 2
    assert View.objects.filter(viewer=None).count() == 2
    keep_days(now=now)


def test_what_comes_on_a_day_without_a_table_waits_in_the_default_one() -> None:
    viewer, clip = make_user(), make_clip(make_user())
    send(browser_of(viewer), event(clip))
    far = date(2030, 5, 5)
    FeedEvent.objects.update(day=far)
    row = FeedEvent.objects.get()
    assert lies_in(row.id) == "feed_event_default"

    keep_days(now=datetime(2030, 5, 4, tzinfo=UTC))
    assert lies_in(row.id) == "feed_event_20300505"
    assert [one.number for one in viewer_state(viewer, now=timezone.now()).meetings] == [
        clip.entry.number
    ]
    keep_days(now=timezone.now())


def test_what_was_served_is_on_record_once_and_only_for_who_it_was_served_to(
    valkey_server: redis.Redis,
) -> None:
    viewer, unprofiled = make_user(), make_user()
    FeedSettings.objects.create(user=unprofiled, is_profiled=False)
    clip, gone = make_clip(make_user()), make_clip(make_user())
    serve(viewer)
    serve(unprofiled)
    Client().get("/api/v1/feed")
    delete_clip(gone.author, gone.pk, now=timezone.now())
    Entry.objects.filter(pk=gone.pk).delete()
    assert write_served() == 2
    assert write_served() == valkey_server.xlen(STREAM) == 0

    kept = impression_of(viewer, clip.pk)
    assert kept is not None
    assert kept.position in {0, 1}
    assert kept.sources["fresh"] > 0
    assert kept.factors["quality"] == 1
    assert 0 < kept.propensity <= 1
    assert [one.viewer_id for one in Impression.objects.order_by("viewer_id")] == [viewer.pk, None]
    assert impression_of(make_user(), clip.pk) is None


def test_a_page_asked_for_again_is_on_record_once() -> None:
    viewer, clips = make_user(), [make_clip(make_user()) for _ in range(3)]
    serve(viewer)
    browser = browser_of(viewer)
    cursor = browser.get("/api/v1/feed?limit=1").json()["meta"]["next_cursor"]
    for _ in range(2):
        browser.get(f"/api/v1/feed?limit=1&cursor={cursor}")
    write_served()
    assert Impression.objects.count() == len(clips) + 2
    served = Impression.objects.values("request").annotate(clips=Count("clip_id"))
    assert sorted(served.values_list("clips", flat=True)) == [1, 1, len(clips)]


def test_a_page_is_on_record_though_the_worker_dies_between_table_and_valkey(
    valkey_server: redis.Redis,
) -> None:
    viewer = make_user()
    make_clip(make_user())
    serve(viewer)
    noted = valkey_server.dump(STREAM)
    assert noted
    write_served()
    valkey_server.restore(STREAM, 0, noted, replace=True)
    assert write_served() == 1
    assert Impression.objects.count() == 1


def test_an_emptied_valkey_and_one_that_is_gone_cost_nothing_that_is_known(
    valkey_server: redis.Redis, monkeypatch: pytest.MonkeyPatch
) -> None:
    viewer, clip, other = make_user(), make_clip(make_user()), make_clip(make_user())
    send(browser_of(viewer), event(clip))
    now = timezone.now()
    known = viewer_state(viewer, now=now)
    valkey_server.flushall()
    assert viewer_state(viewer, now=now) == known

    with monkeypatch.context() as gone:
        nowhere = redis.Redis.from_url("unix:///nowhere/valkey.sock")
        for module in ("feed.serving.viewers", "feed.serving.ready", "feed.serving.wishes"):
            gone.setattr(f"{module}.valkey", lambda: nowhere)
        assert viewer_state(viewer, now=now) == known
        send(browser_of(viewer), event(other))
        assert len(viewer_state(viewer, now=now).seen) == 2
    valkey_server.flushall()
    assert len(viewer_state(viewer, now=now).seen) == 2


DYING = """
import os, signal, sys
sys.path[:0] = [".", "platform"]
import django
django.setup()
from django.db import connection
from django.utils import timezone
from django.conf import settings
settings.DATABASES["default"]["NAME"] = sys.argv[1]
connection.settings_dict["NAME"] = sys.argv[1]
from uuid import UUID
from accounts.models import User
from feed.distribution import acts, responding
from feed.ranking.sending import SentEvent
from feed.ranking.actions import Action, Event
from feed.services import events

def die(*args, **named):
    os.kill(os.getpid(), signal.SIGKILL)

where, viewer, clip, event = sys.argv[2], *map(UUID, sys.argv[3:])
now = timezone.now()
def record():
    told = Event(action=Action.WATCH, clip=clip, at=now.timestamp(), watched_seconds=2.0)
    events.record_events(User.objects.get(pk=viewer), [SentEvent(event, told)], now=now)
if where == "before the commit":
    events.packed = die
    record()
elif where == "after the commit":
    events.end_change = die
    record()
else:
    acts.forget_state = die
    acts.move_acts(now=now)
"""


def died(*arguments: object) -> bool:
    """Whether a process of its own was killed while it did this."""
    name = connection.settings_dict["NAME"]
    command = [sys.executable, "-c", DYING, name, *map(str, arguments)]
    environment = os.environ | {"DJANGO_SETTINGS_MODULE": "config.settings"}
    done = subprocess.run(command, env=environment, check=False, capture_output=True, timeout=60)
    assert done.returncode == -signal.SIGKILL, done.stderr.decode()
    return True


@pytest.mark.slow
@pytest.mark.parametrize("where", ["before the commit", "after the commit"])
def test_a_process_that_is_killed_loses_and_doubles_no_event(where: str) -> None:
    viewer, clip = make_user(), make_clip(make_user())
    watch = event(clip)
    assert viewer_state(viewer, now=timezone.now()).meetings == ()
    assert died(where, viewer.pk, clip.pk, watch["id"])
    assert FeedEvent.objects.count() == (0 if where == "before the commit" else 1)
    known = viewer_state(viewer, now=timezone.now())
    assert len(known.meetings) == FeedEvent.objects.count()

    send(browser_of(viewer), watch)  # the page had no answer
    assert FeedEvent.objects.count() == View.objects.count() == 1
    assert len(viewer_state(viewer, now=timezone.now()).meetings) == 1
    count_responses()
    assert ClipResponses.objects.get().watched == 1


@pytest.mark.slow
def test_a_worker_that_is_killed_moves_every_act_once() -> None:
    viewer, clip = make_user(), make_clip(make_user())
    like(viewer, clip.pk)
    assert died("after moving", viewer.pk, clip.pk, clip.pk)
    move_acts(now=timezone.now())
    assert [one.action for one in FeedEvent.objects.all()] == ["like"]
    assert not Act.objects.exists()
    assert len(viewer_state(viewer, now=timezone.now()).meetings) == 1
