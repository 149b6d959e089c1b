"""How good a list of recommendations is, knowing what was met next."""

import numpy as np
import numpy.typing as npt

from feed.ranking.interactions import Numbers


def recall(recommended: Numbers, targets: Numbers) -> float:
    """The share of `targets` that is in the list."""
    return float(np.isin(targets, recommended).sum() / len(targets))


def ndcg(recommended: Numbers, targets: Numbers, *, length: int) -> float:
    """Normalised discounted cumulative gain (Järvelin & Kekäläinen 2002), every target worth 1.

    1 when as many of the `length` places as there can be, from the first on, hold targets.
    """
    discounts: npt.NDArray[np.float64] = 1.0 / np.log2(np.arange(2, length + 2))
    hits = np.isin(recommended[:length], targets)
    gained = float(discounts[: len(hits)][hits].sum())
    return gained / float(discounts[: len(targets)].sum())
