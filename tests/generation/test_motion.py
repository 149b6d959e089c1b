"""Boxes that a creator draws: what is a spec, and what is refused with its place named."""

from typing import Any

import pytest

from generation.motion import MotionRefused, as_json, motion_spec

KEYS = [[0, 0.1, 0.1, 0.4, 0.3], [1, 0.5, 0.5, 0.9, 0.7]]
TRACK = {"label": "cat", "firmness": "soft", "keyframes": KEYS}


def test_a_spec_is_read_and_written_as_it_was() -> None:
    spec = motion_spec({"tracks": [TRACK]})

    assert spec.tracks[0].label == "cat"
    assert not spec.tracks[0].is_hard
    assert motion_spec(as_json(spec)) == spec
    assert motion_spec({"tracks": [{"keyframes": KEYS}]}).tracks[0].is_hard


@pytest.mark.parametrize(
    ("data", "said"),
    [
        ([], "tracks"),
        ({"tracks": []}, "1 to 4 tracks"),
        ({"tracks": [TRACK] * 5}, "1 to 4 tracks"),
        ({"tracks": [TRACK], "more": 1}, "tracks"),
        ({"tracks": ["cat"]}, "Track 1"),
        ({"tracks": [{**TRACK, "colour": "red"}]}, "Track 1"),
        ({"tracks": [{**TRACK, "label": "x" * 61}]}, "label"),
        ({"tracks": [{**TRACK, "label": "\x00"}]}, "label"),
        ({"tracks": [{**TRACK, "firmness": "iron"}]}, "hard or soft"),
        ({"tracks": [TRACK, {**TRACK, "keyframes": []}]}, "Track 2 has 1 to 60"),
        ({"tracks": [{**TRACK, "keyframes": [*KEYS, [1, 0, 0, 1, 1]]}]}, "order of time"),
        ({"tracks": [{**TRACK, "keyframes": [[0, 0, 0, 1]]}]}, "keyframe 1 is"),
        ({"tracks": [{**TRACK, "keyframes": [[True, 0, 0, 1, 1]]}]}, "all numbers"),
        ({"tracks": [{**TRACK, "keyframes": [[2, 0, 0, 1, 1]]}]}, "0 to 1"),
        ({"tracks": [{**TRACK, "keyframes": [[0, -3, 0, 1, 1]]}]}, "-1 to 2"),
        ({"tracks": [{**TRACK, "keyframes": [[0, 0.5, 0, 0.4, 1]]}]}, "left of"),
        ({"tracks": [{**TRACK, "keyframes": [[0, float("nan"), 0, 0.4, 1]]}]}, "-1 to 2"),
    ],
)
def test_what_is_no_spec_is_refused(data: Any, said: str) -> None:
    with pytest.raises(MotionRefused, match=said):
        motion_spec(data)
