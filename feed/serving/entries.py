"""Entries of ready lists: what a page has to know of a clip before it knows anything of it.

An entry is WIDTH characters: the clip's id in 32 hex digits, its author key in 16, its number in 8,
and a mark of its words in 8.  A list is its entries without anything between them.
"""

from functools import lru_cache
from typing import Final
from uuid import UUID

import numpy as np
import numpy.typing as npt
from pyroaring import BitMap

from feed.ranking.catalogue import Catalogue, words_mark

WIDTH: Final = 64
CLIP, AUTHOR, NUMBER, WORDS = slice(0, 32), slice(32, 48), slice(48, 56), slice(56, 64)

Characters = npt.NDArray[np.uint8]


def entries_of(catalogue: Catalogue, numbers: npt.NDArray[np.uint32]) -> bytes:
    """The entries of the catalogue's clips with these numbers."""
    return _all_entries(catalogue)[catalogue.places(numbers)].tobytes()


def numbers_in(entries: bytes) -> BitMap:
    """The numbers of the clips of these entries."""
    digits = _table(entries)[:, NUMBER].tobytes().decode()
    return BitMap(np.frombuffer(bytes.fromhex(digits), ">u4").astype(np.uint32))


def clips_in(entries: bytes) -> list[tuple[UUID, str]]:
    """Each entry's clip, and the mark of its words."""
    text = entries.decode()
    each = [text[at : at + WIDTH] for at in range(0, len(text), WIDTH)]
    return [(UUID(entry[CLIP]), entry[WORDS]) for entry in each]


@lru_cache(maxsize=2)
def _all_entries(catalogue: Catalogue) -> Characters:
    """(N, WIDTH), of all clips of a catalogue, because each of them is in many lists."""
    entries = np.empty((len(catalogue), WIDTH), np.uint8)
    entries[:, CLIP] = _digits(b"".join(one.bytes for one in catalogue.ids), 32)
    entries[:, AUTHOR] = _digits(catalogue.authors.astype(">u8").tobytes(), 16)
    entries[:, NUMBER] = _digits(catalogue.numbers.astype(">u4").tobytes(), 8)
    marks = "".join(map(words_mark, catalogue.words))
    entries[:, WORDS] = np.frombuffer(marks.encode(), np.uint8).reshape(-1, 8)
    return entries


def _digits(data: bytes, width: int) -> Characters:
    return np.frombuffer(data.hex().encode(), np.uint8).reshape(-1, width)


def _table(entries: bytes) -> Characters:
    return np.frombuffer(entries, np.uint8).reshape(-1, WIDTH)
