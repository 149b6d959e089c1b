"""Cursors: opaque, signed, for one list only."""

from datetime import UTC, datetime
from uuid import UUID

import pytest
from hypothesis import given
from hypothesis import strategies as st

from common.errors import Invalid
from common.pagination import (
    MAX_CURSOR_LENGTH,
    MAX_LIMIT,
    NewestFirst,
    UnableToReadCursor,
    page_request,
    sealed,
    unsealed,
)

LINE = NewestFirst("things", time="made_at")


@given(st.recursive(st.text() | st.integers(), st.lists))
def test_a_cursor_gives_back_what_was_put_in(value: object) -> None:
    assert unsealed("things", sealed("things", value)) == value


@given(st.text(max_size=200))
def test_any_other_text_is_no_cursor(text: str) -> None:
    with pytest.raises(UnableToReadCursor):
        unsealed("things", text)


def test_a_changed_a_foreign_and_an_endless_cursor_are_refused() -> None:
    cursor = sealed("things", [1, 2])
    changed = ("A" if cursor[0] != "A" else "B") + cursor[1:]

    for wrong in (changed, sealed("others", [1, 2]), cursor + "A" * MAX_CURSOR_LENGTH):
        with pytest.raises(UnableToReadCursor):
            unsealed("things", wrong)


@pytest.mark.parametrize("limit", ["0", "51", "-1", "x", "1.5", "²", "٣", "9" * 5000, " 5"])
def test_a_limit_outside_1_to_50_is_refused(limit: str) -> None:
    with pytest.raises(Invalid) as refusal:
        page_request({"limit": limit})
    assert refusal.value.field == "limit"


def test_a_page_has_10_items_unless_asked_otherwise() -> None:
    assert page_request({}).limit == 10
    assert page_request({"limit": str(MAX_LIMIT)}).limit == MAX_LIMIT


def test_a_page_ends_with_a_cursor_exactly_if_there_is_more() -> None:
    items = [(datetime(2026, 1, day, tzinfo=UTC), UUID(int=day)) for day in (3, 2, 1)]

    more = LINE.cut(items, limit=2, position=lambda item: item)
    last = LINE.cut(items, limit=3, position=lambda item: item)

    assert more.items == items[:2]
    assert more.next_cursor is not None
    assert unsealed("things", more.next_cursor) == ["2026-01-02T00:00:00+00:00", UUID(int=2).hex]
    assert last.items == items
    assert last.next_cursor is None
    assert not last.has_more
