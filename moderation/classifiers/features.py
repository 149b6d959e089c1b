"""Texts as TF-IDF vectors over hashed words, word pairs and parts of words.

Term frequency is 1 + log(count), inverse document frequency comes with the weights, and each of the
two blocks (words, parts) has length 1.  Hashing (CRC-32) needs no vocabulary, so none is shipped.
"""

from collections import Counter
from collections.abc import Iterator
from itertools import pairwise
from zlib import crc32

import numpy as np
import numpy.typing as npt

Floats = npt.NDArray[np.float32]
Places = npt.NDArray[np.int64]

BUCKETS = 1 << 16
"""Of each block."""
WIDTH = 2 * BUCKETS
PART_LENGTHS = (3, 4, 5)
LONGEST_WORD = 24


def counted(canonical: str) -> tuple[Places, Floats]:
    """Places (0 to WIDTH) of what the text has, and 1 + log of how often; words come first."""
    words = canonical.split()
    places = Counter(_bucket(feature) for feature in _of_words(words))
    places.update(BUCKETS + _bucket(part) for part in _parts(words))
    found = np.fromiter(places, dtype=np.int64, count=len(places))
    counts = np.fromiter(places.values(), dtype=np.float32, count=len(places))
    return found, np.asarray(1 + np.log(counts), dtype=np.float32)


def weighed(places: Places, frequencies: Floats, rarity: npt.NDArray[np.float16]) -> Floats:
    """The TF-IDF values at `places`; each block has length 1, or 0 where it is empty."""
    values: Floats = frequencies * rarity[places].astype(np.float32)
    for block in (places < BUCKETS, places >= BUCKETS):
        length = float(np.linalg.norm(values[block]))
        if length:
            values[block] /= length
    return values


def _of_words(words: list[str]) -> Iterator[str]:
    yield from words
    yield from (f"{first} {second}" for first, second in pairwise(words))


def _parts(words: list[str]) -> Iterator[str]:
    for word in words:
        edged = f" {word[:LONGEST_WORD]} "
        for length in PART_LENGTHS:
            yield from (edged[at : at + length] for at in range(len(edged) - length + 1))


def _bucket(feature: str) -> int:
    return crc32(feature.encode()) % BUCKETS
