"""A judge sees the words that will be shown, however closely the author edits beside it."""

import time
from concurrent.futures import ThreadPoolExecutor
from uuid import UUID, uuid4

import pytest
from django.db import connection, transaction
from django.utils import timezone

from clips.models import Clip
from clips.services import claim_for_screening, edit_clip
from tests.people import make_clip, make_user

pytestmark = pytest.mark.django_db(transaction=True)

WAITING = "SELECT count(*) FROM pg_stat_activity WHERE wait_event_type = 'Lock'"


def _claim(clip_id: UUID) -> Clip | None:
    try:
        return claim_for_screening(clip_id, token=uuid4(), lease_seconds=20, now=timezone.now())
    finally:
        connection.close()


def _wait_for_a_waiting_claim() -> None:
    end = time.monotonic() + 10
    with connection.cursor() as cursor:
        while time.monotonic() < end:
            cursor.execute(WAITING)
            if cursor.fetchone()[0]:
                return
            time.sleep(0.02)
    pytest.fail("The claim did not come to wait for the edit.")


def test_words_changed_between_the_look_and_the_claim_are_the_ones_judged() -> None:
    author = make_user()
    clip = make_clip(author, caption="before", published=False)
    with ThreadPoolExecutor(1) as pool:
        with transaction.atomic():
            edit_clip(author, clip.pk, caption="after", hashtags=["new"], now=timezone.now())
            claim = pool.submit(_claim, clip.pk)
            _wait_for_a_waiting_claim()
        claimed = claim.result(timeout=10)
    assert claimed is not None
    assert (claimed.state, claimed.caption, claimed.hashtags) == ("screening", "after", ["new"])
