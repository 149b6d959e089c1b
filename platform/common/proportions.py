"""Shares of a whole, as honest as the number they are taken from."""

from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass
from math import sqrt

Z_95 = 1.959963984540054


@dataclass(frozen=True)
class Proportion:
    """`hits` of `total`, with Wilson's 95 % interval (Wilson 1927); without a total, all None."""

    hits: int
    total: int
    share: float | None
    low: float | None
    high: float | None


def proportion(hits: int, total: int) -> Proportion:
    """`hits` of `total` and the interval in which the true share lies 19 times of 20."""
    if total == 0:
        return Proportion(hits, total, None, None, None)
    share, square = hits / total, Z_95**2
    middle = (share + square / (2 * total)) / (1 + square / total)
    spread = sqrt(share * (1 - share) / total + square / (4 * total**2)) / (1 + square / total)
    half = Z_95 * spread
    return Proportion(hits, total, share, max(0.0, middle - half), min(1.0, middle + half))


def kappa(pairs: Iterable[tuple[str, str]]) -> float | None:
    """Cohen's kappa (Cohen 1960): agreement of two judges beyond chance, from -1 to 1.

    None where it says nothing: no pairs, or both always said one and the same thing.
    """
    counted = Counter(pairs)
    total = counted.total()
    if total == 0:
        return None
    agreed = sum(count for (one, other), count in counted.items() if one == other) / total
    ones: Counter[str] = Counter()
    others: Counter[str] = Counter()
    for (one, other), count in counted.items():
        ones[one] += count
        others[other] += count
    by_chance = sum(ones[name] * others[name] for name in ones) / total**2
    return None if by_chance == 1.0 else (agreed - by_chance) / (1.0 - by_chance)
