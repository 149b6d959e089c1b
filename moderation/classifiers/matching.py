"""Many hashes searched at once, and what it means when a video's frames are among them."""

from collections import defaultdict
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from typing import TypeAlias
from uuid import UUID

import numpy as np
from numpy.typing import NDArray

from moderation.classifiers.hashing import (
    LEAST_QUALITY_OF_COPY,
    LEAST_QUALITY_OF_ONE,
    FrameHash,
)
from moderation.classifiers.pdq import HASH_BYTES, MATCHING_BITS

WORDS = HASH_BYTES // 8
MOST_PAIRS_AT_ONCE = 1 << 22
# Measured on clips that share their scenery (docs/hash-bank.md).
FEW_FRAMES = 3
DOUBTFUL_SHARE = 0.25
CERTAIN_SHARE = 0.6
DOUBTFUL_SCORE = 0.5

Hashes: TypeAlias = NDArray[np.uint64]
"""PDQ hashes as numbers: (how many, 4)."""


@dataclass(frozen=True)
class Banned:
    """What a hash in the index belongs to; of `is_pictures`, each hash stands for itself."""

    id: UUID
    category: str
    is_pictures: bool = False


@dataclass(frozen=True)
class Match:
    """How much of a video is found in one ban.

    `frames` are those that match: (seconds in the video, bits that differ).  `share` is how many
    of the video's frames with something to recognise they are.
    """

    banned: Banned
    share: float = 1.0
    frames: tuple[tuple[float, int], ...] = ()
    is_exact: bool = False

    @property
    def score(self) -> float:
        """1 for the very file, the share for most of its frames, 0.5 for a few, else 0."""
        if self.is_exact:
            return 1.0
        enough = len(self.frames) >= FEW_FRAMES or self.share == 1.0
        if enough and self.share >= CERTAIN_SHARE:
            return self.share
        is_doubtful = self.banned.is_pictures or enough or self.share >= DOUBTFUL_SHARE
        return DOUBTFUL_SCORE if is_doubtful else 0.0


@dataclass(frozen=True)
class HashIndex:
    """Bans by the hashes of their frames, and by the SHA-256 of their files."""

    hashes: Hashes = field(default_factory=lambda: np.empty((0, WORDS), dtype=np.uint64))
    owners: NDArray[np.int64] = field(default_factory=lambda: np.empty(0, dtype=np.int64))
    bans: tuple[Banned, ...] = ()
    files: dict[bytes, tuple[Banned, ...]] = field(default_factory=dict)

    def matches(self, frames: Sequence[FrameHash], *, digest: str) -> list[Match]:
        """Every ban the video is a copy of, or may be, surest first."""
        exact = [Match(ban, is_exact=True) for ban in self.files.get(bytes.fromhex(digest), ())]
        known = {match.banned.id for match in exact}
        alike = [match for match in self._alike(frames) if match.banned.id not in known]
        found = [match for match in alike if match.score > 0]
        return exact + sorted(found, key=lambda match: match.score, reverse=True)

    def _alike(self, frames: Sequence[FrameHash]) -> Iterator[Match]:
        usable = [frame for frame in frames if frame.quality >= LEAST_QUALITY_OF_COPY]
        hits: defaultdict[int, dict[int, int]] = defaultdict(dict)
        for frame, place, bits in near(hashes_of([u.value for u in usable]), self.hashes):
            owner = int(self.owners[place])
            if self.bans[owner].is_pictures and usable[frame].quality < LEAST_QUALITY_OF_ONE:
                continue
            nearest = hits[owner]
            nearest[frame] = min(bits, nearest.get(frame, bits))
        for owner, nearest in hits.items():
            seen = tuple((usable[frame].seconds, bits) for frame, bits in sorted(nearest.items()))
            yield Match(self.bans[owner], share=len(seen) / len(usable), frames=seen)


def hashes_of(values: Sequence[str]) -> Hashes:
    """Hashes in hex as numbers."""
    return as_hashes(b"".join(map(bytes.fromhex, values)))


def as_hashes(values: bytes) -> Hashes:
    """Hashes of 32 bytes, one behind the other, as numbers."""
    return np.frombuffer(values, dtype=np.uint64).reshape(-1, WORDS)


def near(ours: Hashes, theirs: Hashes) -> Iterator[tuple[int, int, int]]:
    """Every (place in `ours`, place in `theirs`, bits that differ) with at most 31 bits."""
    columns = [np.ascontiguousarray(theirs[:, word]) for word in range(WORDS)]
    step = max(1, MOST_PAIRS_AT_ONCE // max(1, len(theirs)))
    for start in range(0, len(ours) if len(theirs) else 0, step):
        some = ours[start : start + step]
        differing = np.zeros((len(some), len(theirs)), dtype=np.uint16)
        for word, column in enumerate(columns):
            differing += np.bitwise_count(some[:, word, None] ^ column[None, :])
        for frame, place in np.argwhere(differing <= MATCHING_BITS):
            yield start + int(frame), int(place), int(differing[frame, place])
