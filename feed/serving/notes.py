"""Picks as ready lists and the notes of what was served keep them: rows of the same size each.

So a page's rows can be cut out where they lie, without being understood.
"""

from collections.abc import Sequence
from typing import Any

import numpy as np
import orjson

from feed.ranking.picks import Named, Picks

Names = Sequence[Sequence[str]]


def packed(picks: Picks) -> tuple[bytes, int, bytes]:
    """The names of sources and factors as JSON, how many bytes a row has, and the rows."""
    names = (picks.sources.names, picks.factors.names)
    rows = np.empty(len(picks), _row(names))
    rows["number"], rows["score"] = picks.numbers, picks.scores
    rows["propensity"], rows["purpose"] = picks.propensities, picks.purposes
    rows["sources"], rows["factors"] = picks.sources.values, picks.factors.values
    return orjson.dumps(names), rows.itemsize, rows.tobytes()


def unpacked(names: Names, data: bytes) -> Picks:
    """The picks out of such rows."""
    sources, factors = names
    rows = np.frombuffer(data, _row(names))
    return Picks(
        numbers=rows["number"],
        scores=rows["score"],
        propensities=rows["propensity"],
        purposes=rows["purpose"],
        sources=Named(tuple(sources), rows["sources"]),
        factors=Named(tuple(factors), rows["factors"]),
    )


def _row(names: Names) -> np.dtype[np.void]:
    sources, factors = names
    fields: list[Any] = [
        ("number", "<u4"),
        ("score", "<f4"),
        ("propensity", "<f4"),
        ("purpose", "u1"),
        ("sources", "<f4", (len(sources),)),
        ("factors", "<f4", (len(factors),)),
    ]
    return np.dtype(fields)
