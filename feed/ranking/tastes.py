"""What the viewer's latest meetings say of clips by what these are about."""

from dataclasses import dataclass

import numpy as np

from feed.ranking.catalogue import Floats
from feed.ranking.compiled import sums_of_three
from feed.ranking.highest import highest
from feed.ranking.prepared import SECONDS_PER_HOUR, Prepared
from feed.ranking.viewers import Meetings

MEETINGS_DOUBTED = 1.0
"""Directions are drawn as if by so many more meetings that point nowhere: one alone says less."""

NEIGHBOURS = 3
"""A clip is compared with so many of the liked clips, those most like it."""


def liking(ready: Prepared, meetings: Meetings, *, now: float) -> Floats:
    """How like what was liked lately each clip is (N,), from -1 (like what was disliked) to 1.

    All clips are compared with the average of what was liked, and those nearest to it with each
    liked clip by itself, so that somebody's second interest is not lost in the first; a clip is
    as near as the NEIGHBOURS that are nearest to it.  What was disliked counts by its average: the
    further such meetings point apart, the less they say, and skipping for no reason cancels out.
    """
    parameters = ready.parameters
    liked = meetings.where(meetings.strengths > 0)[-parameters.recent_liked :]
    disliked = meetings.where(meetings.strengths < 0)[-parameters.recent_disliked :]
    towards = _points(ready, liked, now=now)
    away = np.float32(parameters.dislike_share) * _points(ready, disliked, now=now).mean
    near = np.asarray(ready.coordinates @ (towards.mean - away), np.float32)
    if not len(towards.weights):
        return near
    rows = highest(near, most=parameters.candidates)
    some = ready.coordinates[rows]
    likeness = (towards.places * towards.weights[:, np.newaxis]) @ some.T
    nearest = sums_of_three(np.asarray(likeness, np.float32)) / NEIGHBOURS
    near[rows] = np.maximum(near[rows], nearest - some @ away)
    return near


@dataclass(frozen=True, slots=True)
class Points:
    """Where the clips of H meetings lie, (H, AXES), how much each counts, (H,), and their mean."""

    places: Floats
    weights: Floats
    mean: Floats


def _points(ready: Prepared, meetings: Meetings, *, now: float) -> Points:
    """The clips of these meetings that the catalogue still has and knows the meaning of."""
    rows = ready.catalogue.places(meetings.numbers)
    places = ready.coordinates[rows]
    is_known = (rows >= 0) & places.any(axis=1)
    hours = np.maximum(0, now - meetings.at) / SECONDS_PER_HOUR
    weights = np.abs(meetings.strengths)
    weights = weights * np.exp2(-hours / ready.parameters.taste_half_life_hours)
    weights, places = weights[is_known].astype(np.float32), places[is_known]
    mean = weights @ places / (weights.sum() + np.float32(MEETINGS_DOUBTED))
    return Points(places, weights, np.asarray(mean, np.float32))
