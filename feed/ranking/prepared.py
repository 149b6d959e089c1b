"""What is computed once for a catalogue, so that a page costs a few passes over columns."""

import threading
from collections.abc import Callable, Hashable
from dataclasses import dataclass, field
from functools import cached_property, lru_cache

import numpy as np
import numpy.typing as npt
from pyroaring import BitMap

from feed.ranking.catalogue import TREND_HOURS, Catalogue, Floats, Places
from feed.ranking.parameters import PARAMETERS, Parameters
from feed.ranking.responses import Reception, reception

AXES = 48
"""Of 384: the directions in which the catalogue's clips differ most."""

SAMPLE = 4096
CENTRE_PRIOR = 50.0
"""A catalogue's mean is believed as if so many clips at the origin were in it as well."""

SHORTEST = 1e-6
SECONDS_PER_MINUTE, SECONDS_PER_HOUR = 60.0, 3600.0
SEPARATOR = "\n"
COLUMNS_REMEMBERED = 128

Flags = npt.NDArray[np.bool_]


@dataclass(frozen=True, eq=False)
class Prepared:
    """A catalogue of N clips with everything about it that does not depend on the viewer.

    `coordinates` (N, AXES) are the embeddings on the catalogue's main axes, centred, at length 1,
    or 0 where nothing is known; `trend` (N,) goes from 0 to 1; `authors` (N,) are places in
    `author_keys`, which rises.
    """

    catalogue: Catalogue
    parameters: Parameters
    numbers: BitMap
    centre: Floats
    axes: Floats
    coordinates: Floats
    reception: Reception
    trend: Floats
    authors: Places
    author_keys: npt.NDArray[np.int64]
    _columns: dict[Hashable, Floats] = field(default_factory=dict)
    _lock: threading.Lock = field(default_factory=threading.Lock)

    def __len__(self) -> int:
        return len(self.catalogue)

    def rows_of(self, numbers: BitMap) -> Places:
        """The rows of those of these clips that are in the catalogue, rising."""
        known = np.asarray((self.numbers & numbers).to_array(), dtype=np.uint32)
        return np.searchsorted(self.catalogue.numbers, known).astype(np.int64)

    def by_author(
        self, keys: npt.NDArray[np.int64], values: npt.NDArray[np.float64] | float = 1.0
    ) -> Floats:
        """A column (N,) that has for each clip its author's value, 0 where none is given."""
        column = np.zeros(len(self.author_keys), np.float32)
        if len(column):
            found = np.minimum(np.searchsorted(self.author_keys, keys), len(column) - 1)
            is_here = self.author_keys[found] == keys
            column[found[is_here]] = values[is_here] if isinstance(values, np.ndarray) else values
        return column[self.authors]

    def mapped(self, meanings: Floats) -> Floats:
        """Embeddings (n, 384) as coordinates (n, AXES)."""
        return unit((meanings - self.centre) @ self.axes)

    def fresh(self, now: float) -> Floats:
        """(N,): 1 for a clip published now, half of it a half-life later."""
        return self._decayed(self.parameters.fresh_half_life_hours, now)

    def youth(self, now: float) -> Floats:
        """(N,): the same over the half-life in which a clip grows old."""
        return self._decayed(24.0 * self.parameters.age_half_life_days, now)

    def recall(self, key: Hashable, computed: Callable[[], Floats]) -> Floats:
        """The column (N,) that was computed for this key, computed now if it is not remembered."""
        with self._lock:
            known = self._columns.get(key)
        if known is None:
            known = computed()
            with self._lock:
                while len(self._columns) >= COLUMNS_REMEMBERED:
                    del self._columns[next(iter(self._columns))]
                self._columns[key] = known
        return known

    @cached_property
    def first_in_line(self) -> Places:
        """Rows of clips without their first impressions: shown least first, then oldest."""
        shown = self.reception.impressions
        rows = np.flatnonzero(shown < self.parameters.first_impressions)
        order = np.lexsort((self.catalogue.published_at[rows], shown[rows]))
        return rows[order].astype(np.int64)

    @cached_property
    def by_trend(self) -> Places:
        """All rows, those that trend most first, of two that trend alike the newer."""
        order = np.lexsort((-self.catalogue.published_at, -self.trend))
        return np.asarray(order, np.int64)

    @cached_property
    def is_unexplored(self) -> Flags:
        """Which clips (N,) were judged, but are not known well."""
        shown = self.reception.impressions
        parameters = self.parameters
        return np.asarray(
            (shown >= parameters.first_impressions) & (shown < parameters.exploring_until)
        )

    @cached_property
    def text(self) -> str:
        """All that is said of all clips, one after the other."""
        return SEPARATOR.join(
            f"{words.replace(SEPARATOR, ' ')} {' '.join(sorted(tags))}"
            for words, tags in zip(self.catalogue.words, self.catalogue.hashtags, strict=True)
        )

    @cached_property
    def line_ends(self) -> Places:
        """Where in `text` each clip's part ends."""
        lengths = np.fromiter(map(len, self.text.split(SEPARATOR)), np.int64)
        return np.asarray(np.cumsum(lengths + 1))

    def _decayed(self, half_life_hours: float, now: float) -> Floats:
        """By the minute, so that it is computed once for all who ask in it."""
        minute = now // SECONDS_PER_MINUTE

        def computed() -> Floats:
            hours = (self.catalogue.published_at - minute * SECONDS_PER_MINUTE) / SECONDS_PER_HOUR
            return np.exp2(np.minimum(hours / half_life_hours, 0)).astype(np.float32)

        return self.recall(("decayed", half_life_hours, minute), computed)


@lru_cache(maxsize=4)
def prepared(catalogue: Catalogue, parameters: Parameters = PARAMETERS) -> Prepared:
    """The catalogue, made ready; of the same object again, the same answer at no cost."""
    embeddings = catalogue.embeddings.astype(np.float32)
    centre, axes = main_axes(embeddings)
    is_known = np.any(embeddings, axis=1)
    coordinates = unit((embeddings - centre) @ axes) * is_known[:, np.newaxis]
    keys, authors = np.unique(catalogue.authors, return_inverse=True)
    return Prepared(
        catalogue=catalogue,
        parameters=parameters,
        numbers=BitMap(catalogue.numbers),
        centre=centre,
        axes=axes,
        coordinates=np.ascontiguousarray(coordinates, np.float32),
        reception=reception(catalogue, parameters),
        trend=_trend(catalogue.trends, parameters),
        authors=authors.astype(np.int64),
        author_keys=keys,
    )


def main_axes(embeddings: Floats) -> tuple[Floats, Floats]:
    """The centre (384,) of embeddings and the axes (384, AXES) along which they differ most.

    Sentence embeddings share a large common part, which says nothing: likeness is measured from
    their mean (Mu and Viswanath, 2018, arXiv:1702.01417).  Dividing the axes by their spread, as
    they propose too, was measured here and found worse words' neighbours.
    """
    width = embeddings.shape[1]
    some = embeddings[:: max(1, len(embeddings) // SAMPLE)]
    some = some[np.any(some, axis=1)]
    if not len(some):
        return np.zeros(width, np.float32), np.zeros((width, AXES), np.float32)
    centre = some.sum(axis=0) / np.float32(len(some) + CENTRE_PRIOR)
    centred = some - centre
    _, directions = np.linalg.eigh(centred.T @ centred)
    return centre.astype(np.float32), directions[:, : width - 1 - AXES : -1].astype(np.float32)


def unit(vectors: npt.NDArray[np.floating]) -> Floats:
    """Vectors at length 1; nothing stays nothing."""
    lengths = np.linalg.norm(vectors, axis=-1, keepdims=True)
    return np.asarray(vectors / np.maximum(lengths, SHORTEST), dtype=np.float32)


def _trend(trends: Floats, parameters: Parameters) -> Floats:
    shares = (parameters.trend_six_hours, parameters.trend_day, parameters.trend_week)
    trend = np.zeros(len(trends), np.float32)
    for share, counts in zip(shares, trends.T[: len(TREND_HOURS)], strict=True):
        most = float(counts.max(initial=0.0))
        if most > 0:
            logs = np.log1p(np.maximum(counts, 0)) / np.log1p(most)
            trend += np.float32(share) * logs.astype(np.float32)
    return trend
