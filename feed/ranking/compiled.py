"""What goes clip by clip, or draw by draw, compiled by Numba: in Python it is most of a ranking.

Kernels are compiled for the types they are declared with, which takes some seconds, and kept beside
this module, or in the user's cache folder where nothing can be written here.
"""

from collections.abc import Callable, Mapping
from functools import cache, wraps
from typing import Any, Final, ParamSpec, TypeVar

import numpy as np
import numpy.typing as npt

Floats = npt.NDArray[np.float32]
Doubles = npt.NDArray[np.float64]
Places = npt.NDArray[np.int64]
Flags = npt.NDArray[np.bool_]
Kinds = npt.NDArray[np.uint8]

WINDOW: Final = 10
"""Places that follow each other, in which an author's clips are counted: a page."""

NO_PLACE: Final = -1
HALF, TINY = 0.5, 1e-12

P = ParamSpec("P")
R = TypeVar("R")


_kernels: dict[str, tuple[str, Callable[..., Any]]] = {}


@cache
def compile_kernels() -> Mapping[str, Callable[..., Any]]:
    """Compile all of them, unless they are; Numba and its 100 MB are loaded by who ranks alone."""
    import numba  # noqa: PLC0415 - see above

    # Sums may be added up in any order, and nothing is NaN.
    options: dict[str, Any] = {"nogil": True, "fastmath": {"reassoc", "contract", "nnan", "nsz"}}
    for name, (signature, function) in _kernels.items():
        try:
            made = numba.njit(signature, cache=True, **options)(function)
        except RuntimeError:
            # Nowhere to keep it, so every process compiles for itself.
            made = numba.njit(signature, **options)(function)
        # Under its name, because kernels call each other.
        globals()[name] = made
    return {name: globals()[name] for name in _kernels}


def _compiled(signature: str) -> Callable[[Callable[P, R]], Callable[P, R]]:
    """A kernel that is compiled, with all others, when one of them is first called."""

    def kept(function: Callable[P, R]) -> Callable[P, R]:
        name = function.__name__
        _kernels[name] = signature, function

        @wraps(function)
        def called(*args: P.args, **kwargs: P.kwargs) -> R:
            return compile_kernels()[name](*args, **kwargs)  # type: ignore[no-any-return]

        return called

    return kept


@_compiled("f4[::1](f4[:, ::1], f4[::1], f4[::1], f4)")
def kernel_means(likeness: Floats, weights: Floats, values: Floats, doubt: float) -> Floats:
    """Kernel regression: for each column of cosines (k, n), the mean of `values` (k,).

    They count by `weights` (k,) and by the fourth power of the cosine where it is above 0; a value
    of 0 that counts `doubt` is among them.
    """
    size = likeness.shape[1]
    sums, counts = np.zeros(size, np.float32), np.full(size, np.float32(doubt))
    for row in range(len(likeness)):
        for place in range(size):
            square = max(likeness[row, place], np.float32(0)) ** 2
            count = weights[row] * square * square
            counts[place] += count
            sums[place] += count * values[row]
    return sums / counts


@_compiled("i8(f8[::1], b1[::1], f8, f8, f8[::1])")
def _draw(weights: Doubles, is_left: Flags, floor: float, uniform: float, chances: Doubles) -> int:
    """A place of those left, by `uniform` from 0 to 1; `chances` (n,) becomes what each had."""
    total, left = 0.0, 0
    for place in range(len(weights)):
        if is_left[place]:
            total += weights[place]
            left += 1
    even = floor / left
    total = max(total, TINY)
    sure = 0.0
    for place in range(len(weights)):
        chances[place] = (1 - floor) / total * weights[place] + even if is_left[place] else 0.0
        sure += chances[place]
    drawn, end = NO_PLACE, 0.0
    for place in range(len(weights)):
        chances[place] /= sure
        if is_left[place] and (drawn == NO_PLACE or end <= uniform):
            drawn = place
        end += chances[place]
    return drawn


Drawn = tuple[Places, Doubles]


@_compiled("Tuple((i8[::1], f8[::1]))(f8[::1], f8, f8[::1])")
def drawn_by_weight(weights: Doubles, floor: float, uniforms: Doubles) -> Drawn:
    """As many different places as there are `uniforms`, and the chance that each had.

    In proportion to weights (n,), but `floor` of the chance to all that are left alike.
    """
    count = min(len(uniforms), len(weights))
    places, propensities = np.empty(count, np.int64), np.empty(count)
    is_left, chances = np.ones(len(weights), np.bool_), np.empty(len(weights))
    for number in range(count):
        place = _draw(weights, is_left, floor, uniforms[number], chances)
        places[number], propensities[number] = place, chances[place]
        is_left[place] = False
    return places, propensities


@_compiled("Tuple((i8[::1], f8[::1]))(f4[:, ::1], f8, f8[::1])")
def drawn_by_wins(worth: Floats, floor: float, uniforms: Doubles) -> Drawn:
    """The same, in proportion to how often each place has a row's highest worth (m, n).

    Where a place that was drawn had won, another of those left wins then.
    """
    count = min(len(uniforms), worth.shape[1])
    places, propensities = np.empty(count, np.int64), np.empty(count)
    is_left, chances = np.ones(worth.shape[1], np.bool_), np.empty(worth.shape[1])
    wins = np.zeros(worth.shape[1])
    best = np.empty(len(worth), np.int64)
    for row in range(len(worth)):
        best[row] = np.argmax(worth[row])
        wins[best[row]] += 1
    for number in range(count):
        place = _draw(wins, is_left, floor, uniforms[number], chances)
        places[number], propensities[number] = place, chances[place]
        is_left[place] = False
        for row in range(len(worth)):
            worth[row, place] = -np.inf
            if best[row] == place:
                best[row] = np.argmax(worth[row])
                wins[best[row]] += 1
        wins[place] = 0
    return places, propensities


@_compiled("void(f4[:, ::1], i8, f4, f4[::1])")
def _likeness(coordinates: Floats, place: int, weight: float, like: Floats) -> None:
    """Write into `like` (M,) the square of each clip's cosine to one of them, times `weight`."""
    for one in range(len(coordinates)):
        cosine = np.float32(0)
        for axis in range(coordinates.shape[1]):
            cosine += coordinates[place, axis] * coordinates[one, axis]
        cosine = max(cosine, np.float32(0))
        like[one] = weight * cosine * cosine


@_compiled("void(i8[::1], u1[::1], i8[::1], i8[::1], f4[::1], i8, b1[::1])")
def _find_excess(
    authors: Places,
    kinds: Kinds,
    open_to: Places,
    by_kind: Places,
    shares: Floats,
    places: int,
    is_excess: Flags,
) -> None:
    """Write into `is_excess` (M,) whose author may have no more now, or kind of `places` places."""
    is_full = np.empty(len(shares), np.bool_)
    for kind in range(len(shares)):
        is_full[kind] = shares[kind] < 1 and by_kind[kind] + 1 > shares[kind] * places + HALF
    for one in range(len(authors)):
        is_excess[one] = open_to[authors[one]] <= 0 or is_full[kinds[one]]


@_compiled("i8(f4[::1], f4[::1], b1[::1], b1[::1])")
def _best(worths: Floats, crowd: Floats, is_open: Flags, is_excess: Flags) -> int:
    """The best of those open that are no excess; the best of all of them where there is none."""
    best, otherwise = NO_PLACE, NO_PLACE
    highest = highest_of_all = np.float32(-np.inf)
    for one in range(len(worths)):
        worth = worths[one] - crowd[one]
        if is_open[one] and worth > highest_of_all:
            highest_of_all, otherwise = worth, one
        if is_open[one] and worth > highest and not is_excess[one]:
            highest, best = worth, one
    return otherwise if best == NO_PLACE else best


@_compiled("i8[::1](f4[::1], f4[:, ::1], i8[::1], u1[::1], i8[::1], f4[::1], UniTuple(f4, 3), i8)")
def varied_places(
    scores: Floats,
    coordinates: Floats,
    authors: Places,
    kinds: Kinds,
    fixed: Places,
    shares: Floats,
    weights: tuple[float, float, float],
    author_cap: int,
) -> Places:
    """The order of `feed.ranking.diversity.varied_order`, which says what it is.

    `fixed` (count,) has the place in the pool that is kept for each place of the order, NO_PLACE
    where none is; `shares` (kinds,) are 1 where a kind is not limited; `weights` are diversity's
    theta, and an author's decay and floor.
    """
    theta, decay, floor = weights
    order = np.empty(min(len(fixed), len(scores)), np.int64)
    factors = (1 - floor) * decay ** np.arange(len(order) + 1) + floor
    worths = scores * (theta / max(np.max(scores), np.float32(TINY)))
    is_open, is_kept = np.ones(len(scores), np.bool_), np.zeros(len(scores), np.bool_)
    for place in fixed[fixed != NO_PLACE]:
        is_open[place], is_kept[place] = False, True
    crowd, is_excess = np.zeros(len(scores), np.float32), np.zeros(len(scores), np.bool_)
    likeness = np.zeros((WINDOW, len(scores)), np.float32)
    by_author, by_kind = np.zeros(authors.max() + 1, np.int64), np.zeros(len(shares), np.int64)
    open_to = np.full(len(by_author), author_cap)
    for number in range(len(order)):
        _find_excess(authors, kinds, open_to, by_kind, shares, number + 1, is_excess)
        place = fixed[number]
        if place == NO_PLACE or not is_kept[place] or is_excess[place]:
            place = _best(worths, crowd, is_open, is_excess)
        if place == NO_PLACE:
            # Only those are left that were kept for places where they were one too many.
            place = np.argmax(is_kept)
        order[number], author = place, authors[place]
        is_open[place] = is_kept[place] = False
        like = likeness[number % WINDOW]
        _likeness(coordinates, place, 1 - theta, like)
        crowd += like
        already = by_author[author]
        worths[authors == author] *= np.float32(factors[already + 1] / factors[already])
        by_author[author] += 1
        by_kind[kinds[place]] += 1
        open_to[author] -= 1
        if number + 1 >= WINDOW:
            # Ten places further back nothing counts any more.
            crowd -= likeness[(number + 1) % WINDOW]
            open_to[authors[order[number + 1 - WINDOW]]] += 1
    return order
