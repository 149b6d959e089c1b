"""What the ranking has learned, as workers write it and every process holds it."""

from functools import cache
from io import BytesIO

import numpy as np
import numpy.typing as npt

from feed.ranking.gate import CONTEXT, Gate
from feed.ranking.item_models import ItemModels, Neighbours
from feed.ranking.relevance import SOURCES, Fit
from feed.serving.artefacts import Loaded

NAME = "fit"
TIES = ("likeness", "sequence", "together")
MEANING = "\n".join((*SOURCES, *CONTEXT))
"""What the gate's rows and columns stand for: with others, a file is of no use."""


def packed(fit: Fit) -> bytes:
    """The fit as one file, numpy's archive of its columns; ties are kept to three digits."""
    models = fit.models
    width = np.uint16 if len(models) <= np.iinfo(np.uint16).max else np.int32
    columns: dict[str, npt.NDArray[np.generic]] = {
        "meaning": np.frombuffer(MEANING.encode(), np.uint8),
        "gate": fit.gate.weights,
        "fitted_at": np.array(models.fitted_at),
        "numbers": models.numbers,
        "popularity": models.popularity,
    }
    for name in TIES:
        ties: Neighbours = getattr(models, name)
        columns[f"{name}_columns"] = ties.columns.astype(width)
        columns[f"{name}_weights"] = ties.weights.astype(np.float16)
    file = BytesIO()
    np.savez(file, **columns)  # type: ignore[arg-type]
    return file.getvalue()


def unpacked(data: bytes, digest: str) -> Fit | None:
    """The fit out of such a file; None if it was written by a ranking with other sources."""
    with np.load(BytesIO(data), allow_pickle=False) as archive:
        if archive["meaning"].tobytes().decode() != MEANING:
            return None
        ties = {
            name: Neighbours(
                archive[f"{name}_columns"].astype(np.int32),
                archive[f"{name}_weights"].astype(np.float32),
            )
            for name in TIES
        }
        models = ItemModels(
            version=digest,
            fitted_at=float(archive["fitted_at"]),
            numbers=archive["numbers"],
            popularity=archive["popularity"],
            **ties,
        )
        return Fit(models, Gate(archive["gate"]))


def current_models() -> Fit | None:
    """What was learned last, as far as this process knows; None before anything was."""
    return loaded_fit().current()


@cache
def loaded_fit() -> Loaded[Fit | None]:
    """This process's copy."""
    return Loaded(NAME, unpacked)
