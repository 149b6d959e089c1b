"""What is computed once for a catalogue, so that a page costs a few passes over columns."""

import threading
import weakref
from collections.abc import Iterable
from dataclasses import dataclass
from functools import cached_property

import numpy as np
import numpy.typing as npt
from pyroaring import BitMap

from feed.ranking.catalogue import NOWHERE, TREND_HOURS, Catalogue, Floats, Places
from feed.ranking.parameters import PARAMETERS, Parameters
from feed.ranking.responses import Reception, reception

AXES = 64
"""Of 384: the directions in which the catalogue's clips differ most."""

SAMPLE = 4096
CENTRE_PRIOR = 50.0
"""A catalogue's mean is believed as if so many clips at the origin were in it as well."""

SPREAD_PRIOR = 0.05
SHORTEST = 1e-6
SECONDS_PER_HOUR = 3600.0
SEPARATOR = "\n"
CATALOGUES_REMEMBERED = 4


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

    def __len__(self) -> int:
        return len(self.catalogue)

    def rows_of(self, numbers: BitMap) -> Places:
        """The rows of those of these clips that are in the catalogue, rising."""
        known = self.numbers & numbers
        return np.searchsorted(
            self.catalogue.numbers, np.asarray(known.to_array(), dtype=np.uint32)
        ).astype(np.int64)

    def author_places(self, keys: Iterable[int]) -> Places:
        """Where these authors are in `author_keys`, NOWHERE for those without a clip."""
        asked = np.fromiter(keys, np.int64)
        if not len(self.author_keys):
            return np.full(len(asked), NOWHERE, np.int64)
        found = np.minimum(np.searchsorted(self.author_keys, asked), len(self.author_keys) - 1)
        return np.where(self.author_keys[found] == asked, found, NOWHERE).astype(np.int64)

    def by_author(self, values: dict[int, float]) -> Floats:
        """A column (N,) that has for each clip its author's value, 0 where none is given."""
        column = np.zeros(len(self.author_keys) + 1, np.float32)
        column[self.author_places(values)] = np.fromiter(values.values(), np.float32)
        column[NOWHERE] = 0
        return column[self.authors]

    def mapped(self, meanings: Floats) -> Floats:
        """Embeddings (n, 384) as coordinates (n, AXES)."""
        return _unit((meanings - self.centre) @ self.axes)

    @cached_property
    def first_in_line(self) -> Places:
        """Rows of clips without their first impressions: shown least first, then oldest."""
        shown = self.reception.impressions
        rows = np.flatnonzero(shown < self.parameters.first_impressions)
        order = np.lexsort((self.catalogue.published_at[rows], shown[rows]))
        return rows[order].astype(np.int64)

    @cached_property
    def is_explored(self) -> npt.NDArray[np.bool_]:
        """Which clips (N,) are known well enough."""
        explored: npt.NDArray[np.bool_] = (
            self.reception.impressions >= self.parameters.exploring_until
        )
        return explored

    @cached_property
    def text(self) -> str:
        """All that is said of all clips, one after the other."""
        return SEPARATOR.join(
            f"{words.replace(SEPARATOR, ' ')} {' '.join(sorted(tags))}"
            for words, tags in zip(self.catalogue.words, self.catalogue.hashtags, strict=True)
        )

    @cached_property
    def line_ends(self) -> npt.NDArray[np.int64]:
        """Where in `text` each clip's part ends."""
        lengths = np.fromiter(map(len, self.text.split(SEPARATOR)), np.int64)
        ends: npt.NDArray[np.int64] = np.cumsum(lengths + 1)
        return ends

    @cached_property
    def remembered(self) -> dict[object, npt.NDArray[np.bool_] | Floats]:
        """Columns (N,) that were computed for somebody's words and may be asked for again."""
        return {}


_known: dict[int, tuple[weakref.ref[Catalogue], Prepared]] = {}
_lock = threading.Lock()


def prepared(catalogue: Catalogue, parameters: Parameters = PARAMETERS) -> Prepared:
    """The catalogue, made ready; of the same object again, the same answer at no cost."""
    with _lock:
        known = _known.get(id(catalogue))
    if known is not None and known[0]() is catalogue and known[1].parameters == parameters:
        return known[1]
    ready = prepare(catalogue, parameters)
    with _lock:
        while len(_known) >= CATALOGUES_REMEMBERED:
            del _known[next(iter(_known))]
        _known[id(catalogue)] = (weakref.ref(catalogue), ready)
    return ready


def prepare(catalogue: Catalogue, parameters: Parameters) -> Prepared:
    """All that is known of a catalogue before anybody asks for a page."""
    embeddings = catalogue.embeddings.astype(np.float32)
    centre, axes = main_axes(embeddings)
    is_known = np.any(embeddings, axis=1)
    coordinates = _unit((embeddings - centre) @ axes) * is_known[:, None]
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

    Sentence embeddings share a large common part and a few strong directions, which say little:
    without the mean and with every axis divided by the root of its spread, near means alike (Mu and
    Viswanath, 2018, arXiv:1702.01417).
    """
    width = embeddings.shape[1]
    some = embeddings[:: max(1, len(embeddings) // SAMPLE)]
    some = some[np.any(some, axis=1)]
    centre = some.sum(axis=0) / np.float32(len(some) + CENTRE_PRIOR)
    centred = some - centre
    spread = centred.T @ centred / np.float32(max(1, len(some)))
    sizes, directions = np.linalg.eigh(spread)
    kept = slice(width - 1, width - 1 - AXES, -1)
    floor = max(SHORTEST, SPREAD_PRIOR * float(sizes[-1]))
    scale = np.sqrt(np.maximum(sizes[kept], 0) + floor)
    return centre.astype(np.float32), (directions[:, kept] / np.sqrt(scale)).astype(np.float32)


def _trend(trends: Floats, parameters: Parameters) -> Floats:
    shares = (parameters.trend_six_hours, parameters.trend_day, parameters.trend_week)
    trend = np.zeros(len(trends), np.float32)
    for share, counts in zip(shares, trends.T[: len(TREND_HOURS)], strict=True):
        most = float(counts.max(initial=0.0))
        if most > 0:
            trend += (
                np.float32(share) * np.log1p(np.maximum(counts, 0)) / np.float32(np.log1p(most))
            )
    return trend


def _unit(vectors: npt.NDArray[np.floating]) -> Floats:
    lengths = np.linalg.norm(vectors, axis=-1, keepdims=True)
    return np.asarray(vectors / np.maximum(lengths, SHORTEST), dtype=np.float32)
