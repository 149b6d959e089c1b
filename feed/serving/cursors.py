"""Cursors of ready lists: which list, and how many of its clips were shown; sealed.

Made for speed, because there are two in every page: one HMAC over 17 bytes, no compression.
"""

import hmac
import struct
from base64 import urlsafe_b64decode, urlsafe_b64encode
from functools import cache
from hashlib import sha256

from django.conf import settings

from common.pagination import UnableToReadCursor
from feed.selectors.pages import Mode

NAME_BYTES = 12
SEAL_BYTES = 15
PLACES = struct.Struct(">B12sI")
MODES = tuple(Mode)


def sealed_place(mode: Mode, name: bytes, offset: int) -> str:
    """The cursor that goes on behind `offset` clips of the list called `name` (12 bytes)."""
    place = PLACES.pack(MODES.index(mode), name, offset)
    return urlsafe_b64encode(place + _seal(place)).decode().rstrip("=")


def place_in(mode: Mode, cursor: str) -> tuple[bytes, int]:
    """The list's name, and the offset.  Raises UnableToReadCursor for any other text."""
    try:
        data = urlsafe_b64decode(cursor.encode("ascii") + b"=" * (-len(cursor) % 4))
    except ValueError as error:
        raise UnableToReadCursor from error
    place, seal = data[: PLACES.size], data[PLACES.size :]
    if len(place) != PLACES.size or not hmac.compare_digest(seal, _seal(place)):
        raise UnableToReadCursor
    number, name, offset = PLACES.unpack(place)
    if number != MODES.index(mode):
        raise UnableToReadCursor
    return name, offset


def _seal(place: bytes) -> bytes:
    return hmac.digest(_key(), place, "sha256")[:SEAL_BYTES]


@cache
def _key() -> bytes:
    return sha256(b"feed.serving.cursors:" + settings.SECRET_KEY.encode()).digest()
