"""Byte ranges as RFC 9110 section 14 has them."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from common.ranges import RangeUnsatisfiable, parse_range


@pytest.mark.parametrize(
    ("header", "expected"),
    [
        ("bytes=0-0", (0, 1)),
        ("bytes=0-", (0, 1000)),
        ("bytes=200-299", (200, 100)),
        ("bytes=900-5000", (900, 100)),
        ("bytes=-100", (900, 100)),
        ("bytes=-5000", (0, 1000)),
        ("Bytes = 1 - 2", (1, 2)),
    ],
)
def test_one_range_is_served(header: str, expected: tuple[int, int]) -> None:
    assert parse_range(header, 1000) == expected


@pytest.mark.parametrize(
    "header",
    [None, "", "bytes", "bytes=", "bytes=-", "bytes=5-2", "bytes=0-1,3-4", "items=0-1",
     "bytes=a-b", "bytes=1--2", "bytes=٣-٤", "bytes=" + "9" * 5000],
)  # fmt: skip
def test_anything_else_means_the_whole_file(header: str | None) -> None:
    assert parse_range(header, 1000) is None


@pytest.mark.parametrize(
    ("header", "size"),
    [("bytes=1000-", 1000), ("bytes=5000-6000", 1000), ("bytes=-0", 1000), ("bytes=0-", 0)],
)
def test_a_range_without_a_byte_is_refused(header: str, size: int) -> None:
    with pytest.raises(RangeUnsatisfiable) as refused:
        parse_range(header, size)
    assert refused.value.size == size


@given(size=st.integers(1, 10**12), first=st.integers(0, 10**12), extra=st.integers(0, 10**12))
def test_what_is_served_lies_inside_the_file(size: int, first: int, extra: int) -> None:
    try:
        found = parse_range(f"bytes={first}-{first + extra}", size)
    except RangeUnsatisfiable:
        assert first >= size
        return
    assert found is not None
    start, length = found
    assert start == first
    assert 1 <= length <= extra + 1
    assert start + length <= size


@given(st.text(max_size=40))
def test_no_header_breaks_it(header: str) -> None:
    for text in (header, f"bytes={header}"):
        try:
            found = parse_range(text, 10)
        except RangeUnsatisfiable:
            continue
        assert found is None or 0 <= found[0] < found[0] + found[1] <= 10
