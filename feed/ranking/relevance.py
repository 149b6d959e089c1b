"""What each source says of every clip of a catalogue, for one viewer, and how much it counts.

Nothing here is slow: what depends on the catalogue alone is computed once for each of its
versions, and the viewer's history costs a few hundred rows of the item models.
"""

from dataclasses import dataclass
from functools import lru_cache

import numpy as np
import numpy.typing as npt

from feed.ranking.catalogue import TREND_HOURS, Catalogue
from feed.ranking.gate import Gate
from feed.ranking.interactions import Floats, History, Numbers
from feed.ranking.item_models import LONG_HALF_LIVES_DAYS, ItemModels
from feed.ranking.viewers import MEETINGS_REMEMBERED, ViewerState

LIKENESS_DECAYS = (1.0, 0.85)
SEQUENCE_DECAYS = (0.6, 0.9, 0.97)
TOGETHER_DECAY = 0.97
LEAST_PROBABILITY = 1e-4
LEAST_SHARE = 0.01
LEAST_SPREAD = 1e-6
LIKENESS_SCALE = 3.0
LEAST_LOG_SPREAD = 0.01
"""Where popularity differs by a hundredth, it hardly differs."""


PERSONAL = (
    *(f"likeness-{decay}" for decay in LIKENESS_DECAYS),
    *(f"sequence-{decay}" for decay in SEQUENCE_DECAYS),
    "together",
)
POPULARITY = (
    *(f"popularity-{hours:g}h" for hours in TREND_HOURS),
    *(f"popularity-{days:g}d" for days in LONG_HALF_LIVES_DAYS),
)
SOURCES = PERSONAL + POPULARITY
OF_LIKENESS = [place for place, name in enumerate(PERSONAL) if not name.startswith("sequence")]
"""What these say is near 0 for nearly all and far above it for a few: its logarithm counts."""

Said = npt.NDArray[np.float32]


@dataclass(frozen=True, eq=False)
class Fit:
    """All that is learned from a log: what goes with what, and whom to believe when."""

    models: ItemModels
    gate: Gate


def relevance(
    models: ItemModels, gate: Gate, catalogue: Catalogue, viewer: ViewerState, *, now: float
) -> tuple[Said, Floats]:
    """(S, N): what SOURCES say of each clip of the catalogue, and (S,): how much each counts.

    A clip's relevance is the sum of what is said, each times what it counts.  What a source says is
    standardised over the items that `models` know; others are to the personal sources like known
    ones that nothing in the viewer's history leads to.
    """
    history = history_of(viewer)
    said = np.vstack([personal(models, catalogue, history), popularity(models, catalogue)])
    return said, gate.shares(history, now=now)


def history_of(viewer: ViewerState) -> History:
    """What the viewer met and did not dislike, oldest first."""
    met = viewer.meetings.where(viewer.meetings.strengths > 0)[-MEETINGS_REMEMBERED:]
    return History(met.numbers.astype(np.int64), met.at)


def personal(models: ItemModels, catalogue: Catalogue, history: History) -> Said:
    """(len(PERSONAL), N): what the item models say to someone with this history."""
    known = _known(models, history)
    if not len(known):
        return np.zeros((len(PERSONAL), len(catalogue)), np.float32)
    return _of_items(models, known).take(_places(models, catalogue), axis=1)


@lru_cache(maxsize=4)
def popularity(models: ItemModels, catalogue: Catalogue) -> Said:
    """(len(POPULARITY), N): the logarithms of the decayed counts."""
    places = _places(models, catalogue)
    nothing = np.zeros((len(LONG_HALF_LIVES_DAYS), 1), np.float32)
    long = np.append(models.popularity, nothing, axis=1)[:, places]
    counts = np.vstack([catalogue.trends.T, long])
    totals = counts.sum(axis=1, keepdims=True)
    shares = counts / np.where(totals > 0, totals, 1.0)
    logs = np.log(shares + LEAST_SHARE / max(1, len(catalogue)))
    known = places < len(models)
    measured = logs[:, known] if known.any() else logs
    if not measured.size:
        return np.zeros(counts.shape, np.float32)
    mean, spread = measured.mean(axis=1, keepdims=True), measured.std(axis=1, keepdims=True)
    return np.asarray((logs - mean) / (spread + LEAST_LOG_SPREAD), np.float32)


@lru_cache(maxsize=4)
def _places(models: ItemModels, catalogue: Catalogue) -> Numbers:
    """(N,): the column of the models that each clip has, the one after the last without one."""
    places = models.places(catalogue.numbers.astype(np.int64))
    return np.where(places >= 0, places, len(models))


def _known(models: ItemModels, history: History) -> Numbers:
    """The columns of what is known of the history, oldest first."""
    places = models.places(history.items)
    return places[places >= 0]


def _of_items(models: ItemModels, known: Numbers) -> Said:
    """(len(PERSONAL), M + 1): what is said of the known items, and at last of all others."""
    length = len(known)
    total = np.array([_weights(length, decay) for decay in LIKENESS_DECAYS])
    means = np.array([_weights(length, decay) for decay in (*SEQUENCE_DECAYS, TOGETHER_DECAY)])
    means /= means.sum(axis=1, keepdims=True)
    said = np.zeros((len(PERSONAL), len(models) + 1), np.float32)
    sequences = slice(len(LIKENESS_DECAYS), len(PERSONAL) - 1)
    said[: len(LIKENESS_DECAYS), :-1] = models.likeness.of(known, total)
    said[sequences, :-1] = models.sequence.of(known, means[:-1])
    said[sequences] = np.log(said[sequences] + np.float32(LEAST_PROBABILITY))
    said[-1:, :-1] = models.together.of(known, means[-1:])
    said = _standardised(said)
    said[OF_LIKENESS] = np.log1p(LIKENESS_SCALE * np.maximum(0, said[OF_LIKENESS]))
    said[OF_LIKENESS] = _standardised(said[OF_LIKENESS])
    return said


def _standardised(said: Said) -> Said:
    """Each row with mean 0 and spread 1 over the known items."""
    items = said[:, :-1]
    mean = items.mean(axis=1, keepdims=True)
    spread = np.sqrt(np.maximum(0, np.square(items).mean(axis=1, keepdims=True) - mean**2))
    return np.asarray((said - mean) / (spread + np.float32(LEAST_SPREAD)), np.float32)


def _weights(length: int, decay: float) -> Floats:
    """1 for the newest, `decay` times less for each one before it."""
    return np.asarray(decay ** np.arange(length - 1, -1, -1.0))
