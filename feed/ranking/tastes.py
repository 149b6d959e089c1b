"""What the viewer's latest meetings say of clips by what these are about."""

import numpy as np

from feed.ranking.catalogue import Floats
from feed.ranking.compiled import kernel_means
from feed.ranking.highest import highest
from feed.ranking.prepared import SECONDS_PER_HOUR, Prepared
from feed.ranking.viewers import Meetings


def liking(ready: Prepared, meetings: Meetings, *, now: float) -> Floats:
    """What the viewer would make of each clip (N,), as strengths of meetings go: 0 is nothing.

    The mean strength of the latest meetings with clips like it, the more alike the more it counts
    (kernel regression; Nadaraya, 1964; Watson, 1964), as if something of strength 0 had been met
    besides.  So it does not matter how often a subject was shown, only how it was received, and
    somebody's second interest is not lost in the first.  It is asked of those clips that lie where
    what was liked lies; of the others nothing is known, or that they lie where what was disliked
    does.
    """
    parameters = ready.parameters
    met = meetings.where(meetings.strengths != 0)[-parameters.recent_met :]
    rows = ready.catalogue.places(met.numbers)
    rows, met = rows[rows >= 0], met.where(rows >= 0)
    if not len(rows):
        return np.zeros(len(ready), np.float32)
    hours = np.maximum(0, now - met.at) / SECONDS_PER_HOUR
    weights = np.exp2(-hours / parameters.taste_half_life_hours).astype(np.float32)
    strengths = met.strengths.astype(np.float32)
    places = ready.coordinates[rows]
    towards = (weights * strengths) @ places / (weights.sum() + np.float32(parameters.taste_doubt))
    near = ready.coordinates @ towards
    best = highest(near, most=parameters.candidates)
    near = np.minimum(near, 0)
    likeness = places @ ready.coordinates[best].T
    near[best] = kernel_means(likeness, weights, strengths, parameters.taste_doubt)
    return np.asarray(near, np.float32)
