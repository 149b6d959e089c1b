"""What the viewer's latest meetings say of clips by what these are about."""

from collections.abc import Sequence

import numpy as np

from feed.ranking.catalogue import Floats
from feed.ranking.prepared import SECONDS_PER_HOUR, Prepared
from feed.ranking.viewers import Meeting

MEETINGS_DOUBTED = 1.0
"""Directions are drawn as if by so many more meetings that point nowhere: one alone says less."""


def liking(ready: Prepared, meetings: Sequence[Meeting], *, now: float) -> Floats:
    """How like what was liked lately each clip is (N,), from -1 (like what was disliked) to 1.

    The further a viewer's meetings point apart, the less they say together: what was skipped for
    no reason cancels out.
    """
    parameters = ready.parameters
    liked = [one for one in meetings if one.strength > 0][-parameters.recent_liked :]
    disliked = [one for one in meetings if one.strength < 0][-parameters.recent_disliked :]
    direction = _direction(ready, liked, now=now)
    direction -= np.float32(parameters.dislike_share) * _direction(ready, disliked, now=now)
    return np.asarray(ready.coordinates @ direction)


def _direction(ready: Prepared, meetings: Sequence[Meeting], *, now: float) -> Floats:
    """Where the clips of these meetings lie on the average, (AXES,), at most of length 1."""
    rows = ready.catalogue.places(np.array([one.number for one in meetings], np.uint32))
    hours = np.maximum(0, now - np.array([one.at for one in meetings])) / SECONDS_PER_HOUR
    weights = np.abs([one.strength for one in meetings]) * np.exp2(
        -hours / ready.parameters.taste_half_life_hours
    )
    weights = weights[rows >= 0].astype(np.float32)
    total = weights @ ready.coordinates[rows[rows >= 0]]
    return np.asarray(total / (weights.sum() + np.float32(MEETINGS_DOUBTED)), np.float32)
