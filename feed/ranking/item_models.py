"""What goes with what: item-item models, fitted on the whole log now and then.

Only the viewer's own history has to be fresh; these may be hours old without harm.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from itertools import pairwise

import numpy as np
import numpy.typing as npt
from scipy import linalg, sparse

from feed.ranking.interactions import Floats, Interactions, Numbers

MOST_ITEMS = 60_000
# An inverse of this size takes ten seconds; likeness between rarer items would be noise anyway.
MOST_INVERTED = 6_000
NEIGHBOURS = 256
RIDGE = 300.0
STEPS_AHEAD = 30
STEP_DECAY = 0.9
SEQUENCE_PRIOR = 5.0
TOGETHER_PRIOR = 10.0
LATEST_OF_EACH = 1_000
# So many rows of a square matrix of MOST_ITEMS take 60 MB even if none of them is empty.
ROWS_AT_ONCE = 256
DAY_SECONDS = 86_400.0
LONG_HALF_LIVES_DAYS = (60.0, 36_500.0)

Weights = npt.NDArray[np.float32]


@dataclass(frozen=True, eq=False)
class Neighbours:
    """Each item's strongest ties: (M, K) columns, and how strong, 0 where there are fewer."""

    columns: npt.NDArray[np.int32]
    weights: Weights

    def of(self, rows: Numbers, weights: Floats) -> Weights:
        """(D, M): the ties of `rows`, (H,), times each row of `weights`, (D, H), added up."""
        size, width = self.columns.shape
        starts = np.arange(0, len(rows) * width + 1, width)
        ties = sparse.csc_array(
            (self.weights[rows].ravel(), self.columns[rows].ravel(), starts),
            shape=(size, len(rows)),
        )
        return np.ascontiguousarray((ties @ weights.T.astype(np.float32)).T)


@dataclass(frozen=True, eq=False)
class ItemModels:
    """What is known of M items; column i of everything is the item `numbers[i]`; they rise.

    `likeness` is EASE (Steck 2019), for the items met most; `sequence` how often the column came
    after the row; `together` the cosine of being met by the same people.  `popularity`, (P, M), are
    counts decayed with LONG_HALF_LIVES_DAYS.  `fitted_at` is in seconds.
    """

    version: str
    fitted_at: float
    numbers: npt.NDArray[np.int64]
    likeness: Neighbours
    sequence: Neighbours
    together: Neighbours
    popularity: Weights

    def __len__(self) -> int:
        return len(self.numbers)

    def places(self, numbers: Numbers) -> Numbers:
        """The columns of items with these numbers, -1 for those not known."""
        return places_of(numbers, self.numbers)


def fit_item_models(
    log: Interactions, *, now: float, version: str = "", most_items: int = MOST_ITEMS
) -> ItemModels:
    """The models of all events in `log`, about its `most_items` most met items."""
    numbers, columns = _head(log, most_items)
    met = _met(log, columns, len(numbers))
    return ItemModels(
        version=version,
        fitted_at=now,
        numbers=numbers,
        likeness=_likeness(met),
        sequence=_sequence(log.users, columns, len(numbers)),
        together=_together(met),
        popularity=decayed_counts(log, numbers, now=now, half_lives=LONG_HALF_LIVES_DAYS),
    )


def places_of(sought: Numbers, numbers: Numbers) -> Numbers:
    """Where each of `sought` is among `numbers`, which rise; -1 for those that are not."""
    if not len(numbers):
        return np.full(len(sought), -1, np.int64)
    found = np.minimum(np.searchsorted(numbers, sought), len(numbers) - 1)
    return np.where(numbers[found] == sought, found, -1).astype(np.int64)


def decayed_counts(
    log: Interactions, numbers: Numbers, *, now: float, half_lives: tuple[float, ...]
) -> Weights:
    """(H, M): how often each of `numbers`, rising, was met until `now`, decayed; days."""
    past = log.until(now)
    places = places_of(past.items, numbers)
    known = places >= 0
    ages = (now - past.times[known]) / DAY_SECONDS
    rows = [
        np.bincount(places[known], weights=0.5 ** (ages / days), minlength=len(numbers))
        for days in half_lives
    ]
    return np.array(rows, np.float32)


def _head(log: Interactions, most: int) -> tuple[Numbers, Numbers]:
    """The numbers of the items met most, rising, and (N,) each event's column, -1 without one."""
    numbers, places, counts = np.unique(log.items, return_inverse=True, return_counts=True)
    kept = np.sort(np.argsort(-counts, kind="stable")[:most])
    columns = np.full(len(numbers), -1, np.int64)
    columns[kept] = np.arange(len(kept))
    return numbers[kept], columns[places]


def _met(log: Interactions, columns: Numbers, size: int) -> sparse.csr_matrix:
    """(U, M): 1 where the person met the item; only the latest of those who met very much."""
    people, rows = np.unique(log.users, return_inverse=True)
    kept = (columns >= 0) & (_steps_from_last(rows) < LATEST_OF_EACH)
    ones = np.ones(int(kept.sum()), np.float32)
    met = sparse.csr_matrix((ones, (rows[kept], columns[kept])), shape=(len(people), size))
    met.sum_duplicates()
    met.data[:] = 1.0
    return met


def _steps_from_last(users: Numbers) -> Numbers:
    """(N,): how many later events the same user has."""
    order = np.argsort(users[::-1], kind="stable")
    ordered = users[::-1][order]
    starts = np.flatnonzero(np.r_[True, ordered[1:] != ordered[:-1]]) if len(users) else ordered
    lengths = np.diff(np.r_[starts, len(users)])
    steps = np.empty(len(users), np.int64)
    steps[order] = np.arange(len(users)) - np.repeat(starts, lengths)
    return steps[::-1]


def _likeness(met: sparse.csr_matrix) -> Neighbours:
    counts = np.asarray(met.sum(axis=0)).ravel()
    size = met.shape[1]
    head = np.sort(np.argsort(-counts, kind="stable")[:MOST_INVERTED])
    likeness = _regressed(met[:, head])
    width = min(NEIGHBOURS, len(head))
    columns, weights = np.zeros((size, width), np.int32), np.zeros((size, width), np.float32)
    for start in range(0, len(head), ROWS_AT_ONCE):
        some = likeness[start : start + ROWS_AT_ONCE]
        best = np.argpartition(-np.abs(some), width - 1, axis=1)[:, :width]
        rows = head[start : start + ROWS_AT_ONCE]
        columns[rows] = head[best]
        weights[rows] = np.take_along_axis(some, best, axis=1)
    return Neighbours(columns, weights)


def _regressed(met: sparse.csr_matrix) -> Weights:
    """(M, M): every column of `met`, (U, M), by ridge regression on all others."""
    ridged = np.asarray((met.T @ met).toarray(), np.float32)
    if not len(ridged):
        return ridged
    ridged[np.diag_indices(len(ridged))] += RIDGE
    inverse: Weights = linalg.inv(ridged, overwrite_a=True, check_finite=False, assume_a="pos")
    inverse /= -np.diag(inverse).copy()
    np.fill_diagonal(inverse, 0.0)
    return inverse


def _together(met: sparse.csr_matrix) -> Neighbours:
    counts = np.asarray(met.sum(axis=0)).ravel() + TOGETHER_PRIOR
    scale = 1.0 / np.sqrt(counts)
    turned = met.T.tocsr()

    def blocks() -> Iterator[sparse.csr_matrix]:
        for start in range(0, met.shape[1], ROWS_AT_ONCE):
            block = (turned[start : start + ROWS_AT_ONCE] @ met).tocoo()
            kept = block.col != block.row + start
            rows, columns = block.row[kept], block.col[kept]
            cosines = block.data[kept] * scale[rows + start] * scale[columns]
            yield sparse.csr_matrix((cosines, (rows, columns)), shape=block.shape)

    return _strongest(blocks(), met.shape[1])


def _sequence(users: Numbers, columns: Numbers, size: int) -> Neighbours:
    order = np.argsort(users, kind="stable")
    users, items = users[order], columns[order]
    by_item = np.argsort(items, kind="stable")
    ends = np.searchsorted(items[by_item], np.arange(size + 1))

    def blocks() -> Iterator[sparse.csr_matrix]:
        for start in range(0, size, ROWS_AT_ONCE):
            end = min(start + ROWS_AT_ONCE, size)
            places = np.sort(by_item[ends[start] : ends[end]])
            followed = _followed(users, items, places, start, (end - start, size))
            totals = np.asarray(followed.sum(axis=1)).ravel() + SEQUENCE_PRIOR
            yield sparse.csr_matrix(sparse.diags_array(1.0 / totals).astype(np.float32) @ followed)

    return _strongest(blocks(), size)


def _followed(
    users: Numbers, items: Numbers, places: Numbers, start: int, shape: tuple[int, int]
) -> sparse.csr_matrix:
    """What came after the events at `places`, by their item less `start`, the later the less."""
    befores, afters, weights = [], [], []
    for steps in range(1, STEPS_AHEAD + 1):
        before = places[places < len(items) - steps]
        after = before + steps
        kept = (users[after] == users[before]) & (items[after] >= 0)
        befores.append(items[before[kept]] - start)
        afters.append(items[after[kept]])
        weights.append(np.full(len(afters[-1]), STEP_DECAY ** (steps - 1), np.float32))
    rows = np.concatenate(befores), np.concatenate(afters)
    return sparse.csr_matrix((np.concatenate(weights), rows), shape=shape)


def _strongest(blocks: Iterator[sparse.csr_matrix], size: int) -> Neighbours:
    """The NEIGHBOURS strongest ties of every row, strongest first; `blocks` are rows in order."""
    width = min(NEIGHBOURS, max(1, size))
    columns, weights = np.zeros((size, width), np.int32), np.zeros((size, width), np.float32)
    row = 0
    for block in blocks:
        for begin, end in pairwise(block.indptr.tolist()):
            ties = block.data[begin:end]
            best = _best(ties, most=width)
            columns[row, : len(best)] = block.indices[begin:end][best]
            weights[row, : len(best)] = ties[best]
            row += 1
    return Neighbours(columns, weights)


def _best(values: Weights, *, most: int) -> Numbers:
    """Where the `most` highest are, highest first; of equals the first."""
    if len(values) <= most:
        return np.argsort(-values, kind="stable")
    least = np.partition(values, -most)[-most]
    kept = np.flatnonzero(values >= least)
    return kept[np.argsort(-values[kept], kind="stable")[:most]]
