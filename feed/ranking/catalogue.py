"""The clips that may be recommended at all, as columns: what a page is ranked from."""

from collections.abc import Sequence
from dataclasses import dataclass
from uuid import UUID
from zlib import crc32

import numpy as np
import numpy.typing as npt

Floats = npt.NDArray[np.float32]
Places = npt.NDArray[np.int64]

AUTHOR_BITS = 63
PROVENANCES = ("generated", "declared", "suspected", "none")
RESPONSES = (
    "impressions",
    "watched",
    "completions",
    "rewatches",
    "skips",
    "likes",
    "comments",
    "shares",
    "saves",
    "remixes",
    "follows",
    "not_interested",
    "reports",
)
TREND_HOURS = (6.0, 24.0, 168.0)
NOWHERE = -1


def author_key(author: UUID) -> int:
    """An author as a number: 63 of the 74 random bits of their UUIDv7."""
    return author.int & ((1 << AUTHOR_BITS) - 1)


def words_of(prompt: str, caption: str, hashtags: Sequence[str]) -> str:
    """All that is said of a clip, as one text."""
    return " ".join(filter(None, (prompt, caption, *hashtags)))


def words_mark(words: str) -> str:
    """A text in 8 hex digits, by which a change of it is noticed."""
    return f"{crc32(words.lower().encode()):08x}"


@dataclass(frozen=True, eq=False)
class Catalogue:
    """N clips that are public, published and recommendable; row i of every column is one clip.

    `numbers` (N,) rises, so that a clip is found by bisection.  `embeddings` (N, 384) have length
    1, or 0 where nothing is known.  `responses` (N, R) counts what viewers did, a column each of
    RESPONSES; `trends` (N, T) are the positive ones decayed with half-lives TREND_HOURS.
    `durations` are seconds, `published_at` seconds since the epoch, `provenances` places in
    PROVENANCES.  `is_for_minors` says whether minors may see it; `words` is all that is said of it,
    in lower case.
    """

    version: str
    numbers: npt.NDArray[np.uint32]
    ids: Sequence[UUID]
    authors: npt.NDArray[np.int64]
    published_at: npt.NDArray[np.float64]
    durations: Floats
    provenances: npt.NDArray[np.uint8]
    is_for_minors: npt.NDArray[np.bool_]
    embeddings: npt.NDArray[np.float16]
    responses: Floats
    trends: Floats
    hashtags: Sequence[frozenset[str]]
    words: Sequence[str]

    def __len__(self) -> int:
        return len(self.numbers)

    def places(self, numbers: npt.NDArray[np.uint32]) -> Places:
        """The rows of clips with these numbers, NOWHERE for those that are not in it."""
        if not len(self.numbers):
            return np.full(len(numbers), NOWHERE, np.int64)
        found = np.minimum(np.searchsorted(self.numbers, numbers), len(self.numbers) - 1)
        return np.where(self.numbers[found] == numbers, found, NOWHERE).astype(np.int64)
