"""One order out of several: what more than one list names high comes first."""

from collections.abc import Hashable, Sequence
from typing import TypeVar

K = 60
"""How little the first places of one list count against being in two: the paper's value."""

Name = TypeVar("Name", bound=Hashable)


def fused(lists: Sequence[Sequence[Name]], *, weights: Sequence[float] | None = None) -> list[Name]:
    """Every name of `lists` once, by reciprocal rank fusion: the sum of weight ÷ (K + rank).

    What scores alike keeps the order of the first list that names it.  Cormack, Clarke and
    Büttcher, SIGIR 2009, https://doi.org/10.1145/1571941.1572114.
    """
    scores: dict[Name, float] = {}
    for one, weight in zip(lists, weights or [1.0] * len(lists), strict=True):
        for rank, name in enumerate(one, start=1):
            scores[name] = scores.get(name, 0.0) + weight / (K + rank)
    return sorted(scores, key=lambda name: -scores[name])
