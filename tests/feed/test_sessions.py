"""Where a for-you list has come to."""

from datetime import UTC, datetime
from uuid import uuid4

import pytest

from common.ids import new_id
from common.pagination import MAX_CURSOR_LENGTH, UnableToReadCursor, sealed
from feed.candidates import WINDOW, Place
from feed.sessions import Session, mark_of


def test_a_session_is_carried_by_its_cursor_and_fits_into_a_url() -> None:
    place = Place(datetime(2026, 6, 1, 12, 30, 15, 123456, tzinfo=UTC), uuid4())
    shown = [new_id() for _ in range(WINDOW)]

    session = Session().after(shown, place=place)
    cursor = session.cursor()

    assert cursor is not None
    assert len(cursor) < MAX_CURSOR_LENGTH / 2
    assert Session.from_cursor(cursor) == session
    assert session.shown == {mark_of(clip_id) for clip_id in shown}


def test_a_session_that_has_not_begun_has_no_cursor_and_another_list_s_is_none() -> None:
    assert Session.from_cursor(None).cursor() is None
    with pytest.raises(UnableToReadCursor):
        Session.from_cursor(sealed("latest", ["", uuid4().hex, ""]))


def test_ids_made_in_the_same_moment_leave_different_marks() -> None:
    assert len({mark_of(new_id()) for _ in range(1000)}) >= 999
