"""What a creator draws over a clip: boxes that objects are to follow.  Plain data, any engine."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from itertools import pairwise
from typing import Any

from common.errors import Invalid

MOST_TRACKS = 4
MOST_KEYFRAMES = 60
LONGEST_LABEL = 60
SMALLEST_SIDE = 0.02
FARTHEST_OUTSIDE = 1.0
KEYFRAME_NUMBERS = 5
FIRMNESSES = ("hard", "soft")


class MotionRefused(Invalid):
    """The boxes are not boxes; the message names the track and the keyframe."""

    code = "invalid_motion"
    field = "motion"


@dataclass(frozen=True)
class Keyframe:
    """A box at a moment: `at` is a share of the clip, the rest are shares of the picture.

    (x0, y0) is the upper left corner; a box may reach beyond the picture by its whole width.
    """

    at: float
    x0: float
    y0: float
    x1: float
    y1: float


@dataclass(frozen=True)
class BoxTrack:
    """The boxes one object is to follow, in the order of time; a soft track is a wish."""

    label: str
    keyframes: Sequence[Keyframe]
    is_hard: bool = True


@dataclass(frozen=True)
class MotionSpec:
    """The tracks of a clip, at most four; between keyframes boxes move in straight lines."""

    tracks: Sequence[BoxTrack]


def motion_spec(data: Any) -> MotionSpec:
    """The spec that JSON data holds.  Raises MotionRefused.

    `{"tracks": [{"label": "cat", "firmness": "hard", "keyframes": [[0, 0.1, 0.4, 0.4, 0.6], …]}]}`
    """
    if not isinstance(data, Mapping) or set(data) != {"tracks"}:
        raise MotionRefused('Motion is {"tracks": […]}.')
    tracks = data["tracks"]
    if not isinstance(tracks, list) or not 1 <= len(tracks) <= MOST_TRACKS:
        raise MotionRefused(f"Motion has 1 to {MOST_TRACKS} tracks.")
    return MotionSpec(tuple(_track(track, number) for number, track in enumerate(tracks, start=1)))


def as_json(spec: MotionSpec) -> dict[str, Any]:
    """The spec as `motion_spec` reads it."""
    return {
        "tracks": [
            {
                "label": track.label,
                "firmness": FIRMNESSES[0] if track.is_hard else FIRMNESSES[1],
                "keyframes": [[key.at, key.x0, key.y0, key.x1, key.y1] for key in track.keyframes],
            }
            for track in spec.tracks
        ]
    }


def _track(track: Any, number: int) -> BoxTrack:
    where = f"Track {number}"
    if not isinstance(track, Mapping) or not set(track) <= {"label", "firmness", "keyframes"}:
        raise MotionRefused(f"{where} has a label, a firmness and keyframes, and nothing else.")
    label, firmness = track.get("label", ""), track.get("firmness", FIRMNESSES[0])
    if not isinstance(label, str) or len(label) > LONGEST_LABEL or "\x00" in label:
        raise MotionRefused(f"{where}: the label is a text of at most {LONGEST_LABEL} characters.")
    if firmness not in FIRMNESSES:
        raise MotionRefused(f"{where}: firmness is hard or soft.")
    keyframes = track.get("keyframes")
    if not isinstance(keyframes, list) or not 1 <= len(keyframes) <= MOST_KEYFRAMES:
        raise MotionRefused(f"{where} has 1 to {MOST_KEYFRAMES} keyframes.")
    keys = tuple(_keyframe(key, f"{where}, keyframe {at}") for at, key in enumerate(keyframes, 1))
    if any(later.at <= earlier.at for earlier, later in pairwise(keys)):
        raise MotionRefused(f"{where}: keyframes are in the order of time, no two at once.")
    return BoxTrack(label.strip(), keys, firmness == FIRMNESSES[0])


def _keyframe(key: Any, where: str) -> Keyframe:
    is_list = isinstance(key, list) and len(key) == KEYFRAME_NUMBERS
    if not is_list or any(isinstance(n, bool) or not isinstance(n, int | float) for n in key):
        raise MotionRefused(f"{where} is [at, x0, y0, x1, y1], all numbers.")
    at, x0, y0, x1, y1 = (float(number) for number in key)
    if not 0 <= at <= 1:
        raise MotionRefused(f"{where}: `at` is a share of the clip, 0 to 1.")
    if not all(-FARTHEST_OUTSIDE <= side <= 1 + FARTHEST_OUTSIDE for side in (x0, y0, x1, y1)):
        raise MotionRefused(f"{where}: sides are shares of the picture, -1 to 2.")
    if x1 - x0 < SMALLEST_SIDE or y1 - y0 < SMALLEST_SIDE:
        raise MotionRefused(f"{where}: x0 is left of x1 and y0 above y1, by at least 0.02.")
    return Keyframe(at, x0, y0, x1, y1)
