"""What the ranking answers: clips in order, each with why."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import NamedTuple, Self, overload

import numpy as np
import numpy.typing as npt

from feed.ranking.catalogue import Floats

FIRST_IMPRESSIONS, EXPLORATION = "first impressions", "exploration"
CHANCES = (FIRST_IMPRESSIONS, EXPLORATION)
"""What a place is for that chance fills."""

NO_CHANCE = len(CHANCES)
CERTAIN = 1.0
DIGITS = 4


class Pick(NamedTuple):
    """A clip, by number, chosen for a place on a page.

    `sources` say which lists it came from and how much each adds to its score; `factors` what the
    score was multiplied or moved by (freshness, author, wish …).  `propensity` is the probability
    with which it was chosen for its place, 1 unless chance had a part in it.
    """

    number: int
    score: float
    sources: Mapping[str, float]
    factors: Mapping[str, float]
    propensity: float = CERTAIN
    is_exploration: bool = False


@dataclass(frozen=True, slots=True)
class Named:
    """Columns (n, k) with a name each."""

    names: tuple[str, ...]
    values: Floats

    @classmethod
    def of(cls, columns: Mapping[str, Floats], *, size: int) -> Self:
        """These columns (size,)."""
        values = np.empty((size, len(columns)), np.float32)
        for place, column in enumerate(columns.values()):
            values[:, place] = column
        return cls(tuple(columns), values)

    def followed_by(self, other: Self) -> Self:
        """The rows of the other below these, 0 where a side knows nothing of a name."""
        names = tuple(dict.fromkeys((*self.names, *other.names)))
        values = np.zeros((len(self.values) + len(other.values), len(names)), np.float32)
        begin = 0
        for part in (self, other):
            end = begin + len(part.values)
            values[begin:end, [names.index(name) for name in part.names]] = part.values
            begin = end
        return type(self)(names, values)


@dataclass(frozen=True, eq=False, slots=True)
class Picks(Sequence[Pick]):
    """n picks in order, as columns; each by itself is a Pick.

    `numbers` (n,) are the clips'; `purposes` (n,) places in CHANCES, NO_CHANCE where chance had no
    part; `sources` and `factors` (n, k) what each adds, and multiplies.
    """

    numbers: npt.NDArray[np.uint32]
    scores: Floats
    propensities: Floats
    purposes: npt.NDArray[np.uint8]
    sources: Named
    factors: Named

    @classmethod
    def certain(
        cls,
        numbers: npt.NDArray[np.uint32],
        scores: Floats,
        *,
        sources: Mapping[str, Floats],
        factors: Mapping[str, Floats],
    ) -> Self:
        """These clips by no chance; all columns are (n,)."""
        size = len(numbers)
        return cls(
            numbers=numbers,
            scores=scores,
            propensities=np.full(size, CERTAIN, np.float32),
            purposes=np.full(size, NO_CHANCE, np.uint8),
            sources=Named.of(sources, size=size),
            factors=Named.of(factors, size=size),
        )

    def __len__(self) -> int:
        return len(self.numbers)

    @overload
    def __getitem__(self, place: int) -> Pick: ...
    @overload
    def __getitem__(self, place: slice) -> Sequence[Pick]: ...
    def __getitem__(self, place: int | slice) -> Pick | Sequence[Pick]:
        return list(self)[place]

    def __iter__(self) -> Iterator[Pick]:
        rows = zip(
            self.numbers.tolist(),
            self.scores.tolist(),
            self.propensities.tolist(),
            self.purposes.tolist(),
            _rounded(self.sources.values),
            _rounded(self.factors.values),
            strict=True,
        )
        for number, score, propensity, purpose, points, times in rows:
            added = zip(self.sources.names, points, strict=True)
            sources = {name: value for name, value in added if value > 0}
            factors = dict(zip(self.factors.names, times, strict=True))
            if is_exploration := purpose != NO_CHANCE:
                sources[CHANCES[purpose]] = 0.0
            yield Pick(number, score, sources, factors, propensity, is_exploration)

    def followed_by(self, other: Self) -> Self:
        """These, and the others behind them."""
        return type(self)(
            numbers=np.concatenate([self.numbers, other.numbers]),
            scores=np.concatenate([self.scores, other.scores]),
            propensities=np.concatenate([self.propensities, other.propensities]),
            purposes=np.concatenate([self.purposes, other.purposes]),
            sources=self.sources.followed_by(other.sources),
            factors=self.factors.followed_by(other.factors),
        )


def no_picks() -> Picks:
    """None at all."""
    nothing = np.empty(0, np.float32)
    return Picks.certain(np.empty(0, np.uint32), nothing, sources={}, factors={})


def _rounded(values: Floats) -> list[list[float]]:
    return values.astype(np.float64).round(DIGITS).tolist()  # type: ignore[no-any-return]
