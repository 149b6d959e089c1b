"""A judge sees the words that will be shown, however closely the author edits beside it.

The author comes from a second connection, before the first, the second, … statement of the judge,
until the judge has no more statements.  Where the judge has locked the row, the author would have
to wait; here they give up after a moment.  Nothing depends on timing.
"""

from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from uuid import uuid4

import pytest
from django.db import OperationalError, connection
from django.utils import timezone
from pytest_django import Settings

from clips.models import Clip
from clips.services import claim_for_screening, delete_clip, edit_clip
from clips.states import DELETED, PUBLISHED, SCREENING, SUBMITTED
from common.states import UnableToMove
from moderation.classifiers.isolation import stop_idle
from moderation.models.judging import Decision
from moderation.screening import screen_clip
from tests.moderation.conftest import DETECTORS, MakeClip
from tests.statements import before_statement

pytestmark = pytest.mark.django_db(transaction=True)

MANY = 200
BEFORE, AFTER = "kites over the beach", "white power"

Act = Callable[[Clip], object]


@dataclass(frozen=True)
class Meeting:
    """A clip after it was judged while its author did something before statement `number`."""

    number: int
    clip: Clip
    was_done: bool


@pytest.fixture
def meetings(make_clip: MakeClip, settings: Settings) -> Iterator[Callable[[Act], list[Meeting]]]:
    settings.FRAME_DETECTORS = [f"{DETECTORS}.Calm"]

    def all_of(act: Act) -> list[Meeting]:
        """A fresh clip for each statement of the judge, `act` done just before it."""
        found = list[Meeting]()
        while len(found) < MANY:
            clip, number = make_clip(caption=BEFORE), len(found) + 1
            done = list[bool]()

            def beside(clip: Clip = clip, done: list[bool] = done) -> None:
                done.append(_is_done_beside(lambda: act(clip)))

            with before_statement(number, beside) as statements:
                screen_clip(clip.pk, clock=timezone.now)
            if not statements.has_acted:
                return found
            clip.refresh_from_db()
            found.append(Meeting(number, clip, done[0]))
        pytest.fail("The judge does not come to an end.")

    yield all_of
    stop_idle()


def _is_done_beside(act: Callable[[], object]) -> bool:
    """Whether `act` could be done on a connection of its own, at this moment."""

    def alone() -> bool:
        try:
            with connection.cursor() as cursor:
                cursor.execute("SET lock_timeout = '50ms'")
            act()
        except (OperationalError, UnableToMove):
            return False
        finally:
            connection.close()
        return True

    with ThreadPoolExecutor(1) as pool:
        return pool.submit(alone).result(timeout=20)


def edit(clip: Clip) -> None:
    edit_clip(clip.author, clip.pk, caption=AFTER, now=timezone.now())


def edit_and_claim(clip: Clip) -> None:
    """New words, and another judge who has just taken them in hand."""
    edit(clip)
    claim_for_screening(clip.pk, token=uuid4(), lease_seconds=20, now=timezone.now())


def delete(clip: Clip) -> None:
    delete_clip(clip.author, clip.pk, now=timezone.now())


def test_words_changed_between_the_look_and_the_claim_are_the_ones_judged(
    make_clip: MakeClip,
) -> None:
    clip = make_clip(caption=BEFORE)
    done = list[bool]()
    # The first statement is the look; the second begins the claim.
    with before_statement(2, lambda: done.append(_is_done_beside(lambda: edit(clip)))):
        claimed = claim_for_screening(clip.pk, token=uuid4(), lease_seconds=20, now=timezone.now())
    assert done == [True]
    assert claimed is not None
    assert (claimed.state, claimed.caption) == (SCREENING, AFTER)


def test_words_changed_before_any_statement_of_the_judge_are_never_shown_unjudged(
    meetings: Callable[[Act], list[Meeting]],
) -> None:
    found = meetings(edit)
    # Some edits come between, some have to wait for the judge.
    assert {meeting.was_done for meeting in found} == {True, False}
    for meeting in found:
        clip = meeting.clip
        assert (clip.state, clip.caption) != (PUBLISHED, AFTER), meeting
        if not meeting.was_done:
            assert (clip.state, clip.caption) == (PUBLISHED, BEFORE), meeting
            edit(clip)
            assert Clip.objects.get(pk=clip.pk).state == SUBMITTED


def test_a_judge_whose_clip_another_judge_has_in_hand_decides_nothing(
    meetings: Callable[[Act], list[Meeting]],
) -> None:
    found = meetings(edit_and_claim)
    late = [
        meeting
        for meeting in found
        # Who came after the judge's commit found a published clip.
        if meeting.was_done and not meeting.clip.events.filter(to_state=PUBLISHED).exists()
    ]
    assert late
    for meeting in found:
        clip = meeting.clip
        assert (clip.state, clip.caption) in {(SCREENING, AFTER), (PUBLISHED, BEFORE)}, meeting
    for meeting in late:
        assert not Decision.objects.filter(subject_id=meeting.clip.pk).exists(), meeting


def test_a_clip_deleted_before_any_statement_of_the_judge_stays_deleted(
    meetings: Callable[[Act], list[Meeting]],
) -> None:
    found = meetings(delete)
    assert {meeting.was_done for meeting in found} == {True, False}
    for meeting in found:
        expected = DELETED if meeting.was_done else PUBLISHED
        assert meeting.clip.state == expected, meeting
