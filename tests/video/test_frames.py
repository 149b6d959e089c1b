"""Pictures brought to a size."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from video.frames import (
    Frames,
    UnableToUseFrames,
    fit_frames,
)

RED, SKY = (230, 40, 60), (90, 160, 230)


def test_the_same_aspect_is_scaled_over_the_whole_picture(square: Frames) -> None:
    fitted = fit_frames(square, width=192, height=192)
    assert fitted.shape == (20, 192, 192, 3)
    assert fitted.dtype == np.uint8
    assert np.abs(fitted[0, 5, 100].astype(int) - SKY).max() <= 2
    assert np.abs(fitted[0, 80, 20].astype(int) - RED).max() <= 2


def test_another_aspect_is_centred_over_a_dimmed_fill_of_itself(square: Frames) -> None:
    fitted = fit_frames(square, width=180, height=320)
    inner = fitted[:, 70:250]
    assert np.abs(inner[0, 5, 100].astype(int) - SKY).max() <= 3, "nothing is cropped"
    top, bottom = fitted[0, 3, 90].astype(int), fitted[0, -3, 90].astype(int)
    assert top.sum() < 0.7 * sum(SKY)
    assert top[2] > top[0], "above, the fill is the sky"
    assert bottom[0] > bottom[2], "below, it is the sand"
    assert np.ptp(fitted[:, :60].astype(int), axis=(1, 2)).max() < 60, "no edges in the fill"


def test_a_frame_that_fits_is_left_as_it_is(square: Frames) -> None:
    assert np.array_equal(fit_frames(square, width=96, height=96), square)


@given(
    size=st.tuples(st.integers(1, 70), st.integers(1, 70)),
    target=st.tuples(st.integers(2, 90), st.integers(2, 90)),
)
@settings(max_examples=60, deadline=None)
def test_every_size_fits_every_size(size: tuple[int, int], target: tuple[int, int]) -> None:
    frames = np.full((2, *size, 3), 200, dtype=np.uint8)
    fitted = fit_frames(frames, width=target[0], height=target[1])
    assert fitted.shape == (2, target[1], target[0], 3)
    assert fitted.max() <= 201


@pytest.mark.parametrize(
    "frames",
    [
        np.zeros((4, 8, 8, 3)),
        np.zeros((8, 8, 3), np.uint8),
        np.zeros((4, 8, 8, 4), np.uint8),
        np.zeros((0, 8, 8, 3), np.uint8),
    ],
)
def test_refuses_what_is_no_video(frames: Frames) -> None:
    with pytest.raises(UnableToUseFrames):
        fit_frames(frames, width=64, height=64)
