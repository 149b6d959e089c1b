"""Ten thousand reviewers ask at once; nobody gets what another has, and nothing is lost."""

import os
import signal
import subprocess
import sys
import time
from collections import Counter
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from datetime import datetime, timedelta
from threading import Barrier
from uuid import UUID

import pytest
from django.db import connection, connections
from django.utils import timezone

from accounts.models import Role, User
from common.ids import new_id
from moderation.enforcement.claims import release_expired_claims
from moderation.models.desk import ReviewItem, ReviewItemEvent, ReviewKind
from moderation.models.judging import Subject
from moderation.models.quality import ReviewerExposure
from moderation.services.desk import take_next
from tests.people import make_user

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.slow]

CLAIMS = 10_000
CONNECTIONS = 40


def make_items(count: int) -> None:
    person, now = make_user(), timezone.now()
    ReviewItem.objects.bulk_create(
        [
            ReviewItem(
                kind=ReviewKind.APPEAL,
                subject=Subject.PROMPT,
                subject_id=new_id(),
                about=person,
                priority=number % 97,
                opened_at=now,
            )
            for number in range(count)
        ],
        batch_size=1000,
    )


def make_reviewers(count: int) -> list[User]:
    return User.objects.bulk_create(
        [
            User(handle=f"r{number}", email=f"r{number}@example.org", role=Role.MODERATOR)
            for number in range(count)
        ],
        batch_size=1000,
    )


@pytest.mark.timeout(900)
def test_ten_thousand_claims_at_once_give_every_item_to_one_reviewer() -> None:
    make_items(CLAIMS)
    reviewers = make_reviewers(CLAIMS)
    start, now = Barrier(CONNECTIONS), timezone.now()

    def work(mine: list[User]) -> list[tuple[UUID, UUID]]:
        start.wait()
        try:
            taken = [(one.pk, take_next(one, now=now)) for one in mine]
            return [(reviewer, item.pk) for reviewer, item in taken if item is not None]
        finally:
            connections.close_all()

    parts = [reviewers[number::CONNECTIONS] for number in range(CONNECTIONS)]
    with ThreadPoolExecutor(CONNECTIONS) as pool:
        taken = [pair for part in pool.map(work, parts) for pair in part]

    by_item = Counter(item for _, item in taken)
    assert len(taken) == CLAIMS
    assert [item for item, count in by_item.items() if count > 1] == []
    rows = ReviewItem.objects.values_list("claimed_by_id", "id")
    assert set(rows) == set(taken)
    assert ReviewItem.objects.filter(state="claimed").count() == CLAIMS
    assert ReviewItem.objects.values("lease_token").distinct().count() == CLAIMS
    assert ReviewItemEvent.objects.filter(to_state="claimed").count() == CLAIMS
    assert ReviewerExposure.objects.count() == CLAIMS
    assert take_next(make_user(role=Role.MODERATOR), now=now) is None


def test_more_reviewers_than_items_still_give_each_item_once() -> None:
    make_items(50)
    reviewers = make_reviewers(400)
    start, now = Barrier(CONNECTIONS), timezone.now()

    def work(mine: list[User]) -> list[UUID]:
        start.wait()
        try:
            taken = [take_next(one, now=now) for one in mine]
            return [item.pk for item in taken if item is not None]
        finally:
            connections.close_all()

    parts = [reviewers[number::CONNECTIONS] for number in range(CONNECTIONS)]
    with ThreadPoolExecutor(CONNECTIONS) as pool:
        taken = [item for part in pool.map(work, parts) for item in part]
    assert sorted(taken) == sorted(ReviewItem.objects.values_list("pk", flat=True))


def test_one_reviewer_who_clicks_forty_times_has_one_item() -> None:
    make_items(50)
    reviewer = make_reviewers(1)[0]
    start, now = Barrier(CONNECTIONS), timezone.now()

    def click(_number: int) -> UUID | None:
        start.wait()
        try:
            item = take_next(reviewer, now=now)
            return item.pk if item else None
        finally:
            connections.close_all()

    with ThreadPoolExecutor(CONNECTIONS) as pool:
        assert len(set(pool.map(click, range(CONNECTIONS)))) == 1
    assert ReviewItem.objects.filter(state="claimed").count() == 1


REVIEWER = """
import sys, time, uuid
sys.path[:0] = [{root!r}, {root!r} + "/platform"]
import django; django.setup()
from django.db import connection
from django.utils import timezone
from accounts.models import User
from moderation.services.desk import keep_claim, take_next
connection.settings_dict["NAME"] = {database!r}
me = User.objects.get(handle="r0")
item = take_next(me, now=timezone.now())
print(item.pk, flush=True)
while True:
    time.sleep(0.2)
    keep_claim(me, item.pk, token=item.lease_token, now=timezone.now())
"""


def test_an_item_is_free_within_the_lease_when_its_reviewer_is_killed() -> None:
    make_items(1)
    make_reviewers(2)
    lease = 2.0
    source = REVIEWER.format(root=os.getcwd(), database=connection.settings_dict["NAME"])  # noqa: PTH109
    environment = {**os.environ, "REVERIE_DESK_LEASE_SECONDS": str(lease)}
    process = subprocess.Popen(
        [sys.executable, "-c", source], env=environment, stdout=subprocess.PIPE, text=True
    )
    other = User.objects.get(handle="r1")
    try:
        assert process.stdout is not None
        item_id = UUID(process.stdout.readline().strip())
        time.sleep(lease * 1.5)
        assert take_next(other, now=timezone.now()) is None
        process.send_signal(signal.SIGKILL)
        process.wait()
        killed_at = timezone.now()
    finally:
        with suppress(ProcessLookupError):
            process.kill()
        process.wait()
        if process.stdout is not None:
            process.stdout.close()
    taken = next_of(other, until=killed_at + timedelta(seconds=lease + 1))
    assert taken == item_id


def next_of(reviewer: User, *, until: datetime) -> UUID | None:
    """What the reviewer is given, as soon as there is something."""
    while timezone.now() < until:
        release_expired_claims(now=timezone.now())
        if item := take_next(reviewer, now=timezone.now()):
            return item.pk
        time.sleep(0.1)
    return None
