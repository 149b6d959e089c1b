"""The visible mark is on every frame and legible on any ground."""

import numpy as np
import pytest

from video.frames import Frames, UnableToUseFrames
from video.labels import draw_label, label_for


def _contrast(picture: Frames) -> float:
    """WCAG 2 contrast between the lightest and the darkest 4 % of the pixels."""
    linear = np.where(picture / 255 <= 0.04045, picture / 255 / 12.92,
                      ((picture / 255 + 0.055) / 1.055) ** 2.4)  # fmt: skip
    luminance = linear @ np.array([0.2126, 0.7152, 0.0722])
    low, high = np.quantile(luminance, [0.04, 0.96])
    return float((high + 0.05) / (low + 0.05))


@pytest.mark.parametrize("ground", [(0, 0, 0), (255, 255, 255), (128, 128, 128), (255, 0, 0)])
@pytest.mark.parametrize("size", [(720, 1280), (1280, 720), (360, 640)])
def test_reads_on_any_ground_and_size(ground: tuple[int, int, int], size: tuple[int, int]) -> None:
    width, height = size
    frames = np.full((2, height, width, 3), ground, dtype=np.uint8)
    marked = draw_label(frames)
    label = label_for(width=width, height=height)
    tall, wide = label.cover.shape[:2]
    pill = marked[0, label.top : label.top + tall, label.left : label.left + wide]
    assert tall == round(height / 14)
    assert _contrast(pill) > 7, "AAA for text"


def test_is_on_every_frame_and_touches_nothing_else(square: Frames) -> None:
    frames = np.repeat(np.repeat(square, 4, axis=1), 4, axis=2)
    before = frames.copy()
    marked = draw_label(frames)
    assert np.array_equal(frames, before), "the input is the caller's"
    changed = (marked != frames).any(axis=-1)
    assert changed.reshape(len(frames), -1).sum(axis=1).min() > 200
    assert not changed[:, 60:].any()
    assert not changed[:, :, 80:].any()


def test_refuses_what_is_no_video() -> None:
    with pytest.raises(UnableToUseFrames):
        draw_label(np.zeros((64, 64, 3), np.uint8))
    assert draw_label(np.zeros((1, 16, 16, 3), np.uint8)).shape == (1, 16, 16, 3)
