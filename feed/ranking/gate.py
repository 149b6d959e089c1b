"""How much each source is to be believed, for this person at this moment.

Score of an item = sum over sources of (weights @ context)[source] x what the source says.  The
weights are those under which what people really met next is likeliest (a conditional logit, which
is convex), found on a slice of the log that the item models have not seen.
"""

from dataclasses import dataclass

import numpy as np

from feed.ranking.interactions import Floats, History

CONTEXT = ("always", "length", "gap", "new", "length squared")
FOREVER_SECONDS = 6e7


@dataclass(frozen=True, eq=False)
class Gate:
    """(S, C) weights: a row a source, a column a part of the context."""

    weights: Floats

    def shares(self, history: History, *, now: float) -> Floats:
        """(S,): how much each source counts."""
        return np.asarray(self.weights @ context_of(history, now=now))


def context_of(history: History, *, now: float) -> Floats:
    """(C,): how much the person has met, and how long ago the last of it was."""
    length = np.log1p(len(history)) / 3
    gap = now - history.times[-1] if len(history) else FOREVER_SECONDS
    return np.array(
        [1.0, length, np.log1p(max(0.0, gap) / 60) / 5, float(not len(history)), length**2]
    )
