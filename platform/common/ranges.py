"""HTTP byte ranges, so that a browser can seek in a video and resume a download."""

import re

from common.errors import Invalid

SINGLE_RANGE = re.compile(r"bytes\s*=\s*(\d*)\s*-\s*(\d*)\s*", re.ASCII | re.IGNORECASE)
LONGEST_HEADER = 128


class RangeUnsatisfiable(Invalid):
    """No byte of the asked-for range exists: answer 416 with `Content-Range: bytes */size`."""

    code = "range_not_satisfiable"

    def __init__(self, size: int) -> None:
        super().__init__(f"The range lies outside the {size} bytes there are.", field="Range")
        self.size = size


def parse_range(header: str | None, size: int) -> tuple[int, int] | None:
    """The `(start, length)` in bytes that `header` asks of a file of `size` bytes.

    None means: send the whole file.  That is the answer to no header, and, as RFC 9110 section
    14.2 allows, to one that is malformed, in another unit, or asks for several ranges.
    Raises RangeUnsatisfiable when the range is well formed and holds no byte of the file.
    """
    if header is None or len(header) > LONGEST_HEADER:
        return None
    match = SINGLE_RANGE.fullmatch(header.strip())
    if match is None or match.groups() == ("", ""):
        return None
    first, last = match.groups()
    if first == "":
        return _suffix(int(last), size)
    return _span(int(first), int(last) if last else None, size)


def _suffix(wanted: int, size: int) -> tuple[int, int]:
    length = min(wanted, size)
    if length == 0:
        raise RangeUnsatisfiable(size)
    return size - length, length


def _span(first: int, last: int | None, size: int) -> tuple[int, int] | None:
    if last is not None and last < first:
        return None
    if first >= size:
        raise RangeUnsatisfiable(size)
    end = size if last is None else min(last + 1, size)
    return first, end - first
