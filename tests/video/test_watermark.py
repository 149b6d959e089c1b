"""The mark in the picture: unseen, found again in copies, and never where it is not."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from bench.copies import (
    cropped,
    cropped_and_enlarged,
    decoded,
    mirrored,
    mp4,
    re_encoded,
    scaled,
    turned,
)
from bench.films import KINDS, drawn
from video.chips import CHIPS, chips_for, code_of, read_chips
from video.detection import detect
from video.frames import Frames
from video.watermark import Mark, UnableToWatermark, WatermarkKey, embed

KEY = WatermarkKey("key-2", b"a secret of sixteen bytes or more")
OLD_KEY = WatermarkKey("key-1", b"another secret, that came before")
MARK = Mark(0x0123456789AB, KEY)


def _marked(frames: Frames, mark: Mark = MARK) -> Frames:
    return np.stack([embed(frame, mark) for frame in frames])


@pytest.fixture(scope="module")
def film() -> Frames:
    return drawn(KINDS.index("clouds"), width=360, height=640, frames=8).frames


@pytest.fixture(scope="module")
def marked(film: Frames) -> Frames:
    return decoded(mp4(_marked(film), crf=21, preset="veryfast"))


@given(number=st.integers(0, (1 << 48) - 1), secret=st.binary(min_size=16, max_size=40))
@settings(max_examples=30, deadline=None)
def test_every_id_is_read_from_its_chips_and_from_half_of_them(number: int, secret: bytes) -> None:
    code = code_of(secret)
    chips = chips_for(code, number)
    rng = np.random.default_rng(number % 1000)
    noisy = (chips + rng.normal(0, 0.7, CHIPS)).astype(np.float32)
    for heard in (chips, noisy, 0.001 * chips):
        word = read_chips(code, heard)
        assert (word.number, word.is_whole) == (number, True)
    nothing = read_chips(code, rng.normal(0, 1, CHIPS).astype(np.float32))
    assert nothing.agreement < 0.31


def _lattice(*, cell: int, width: int = 360, height: int = 640, frames: int = 8) -> Frames:
    """A still board of black and white squares."""
    rows, columns = np.mgrid[:height, :width] // cell
    board = ((rows + columns) % 2 * 255).astype(np.uint8)
    return np.broadcast_to(board[None, ..., None], (frames, height, width, 3)).copy()


def _peak_signal_to_noise(plain: Frames, marked: Frames) -> float:
    return float(10 * np.log10(255**2 / np.mean((marked.astype(float) - plain) ** 2)))


@pytest.mark.parametrize("kind", KINDS)
def test_the_mark_is_faint_on_every_kind_of_picture(kind: str) -> None:
    frames = drawn(KINDS.index(kind), width=512, height=512, frames=1).frames
    marked = _marked(frames)
    assert _peak_signal_to_noise(frames, marked) >= (36 if kind == "bars" else 39.4)
    assert np.abs(marked.astype(int) - frames).max() <= 24
    assert marked.dtype == np.uint8
    assert marked.shape == frames.shape


def test_the_same_mark_makes_the_same_pixels_and_another_makes_others(film: Frames) -> None:
    assert (embed(film[0], MARK) == embed(film[0], MARK)).all()
    assert (embed(film[0], MARK) != embed(film[0], Mark(MARK.number + 1, KEY))).any()
    assert (embed(film[0], MARK) != embed(film[0], Mark(MARK.number, OLD_KEY))).any()


def test_it_is_found_in_what_becomes_of_a_clip(marked: Frames) -> None:
    copies = {
        "crf 28": re_encoded(marked, crf=28),
        "half": re_encoded(scaled(marked, 0.5), crf=23),
        "two thirds": re_encoded(scaled(marked, 2 / 3), crf=23),
        "cropped": re_encoded(cropped(marked, 0.1), crf=23),
        "enlarged": re_encoded(cropped_and_enlarged(marked, 0.1), crf=23),
        "mirrored": re_encoded(mirrored(marked), crf=23),
    }
    scales = {"half": 0.5, "two thirds": 0.667, "enlarged": 1.11}
    for name, copy in copies.items():
        found = detect(copy, [KEY, OLD_KEY])
        assert found is not None, name
        assert (found.number, found.key_name) == (MARK.number, "key-2"), name
        assert found.scale == pytest.approx(scales.get(name, 1.0), abs=0.02), name
        assert found.is_mirrored == (name == "mirrored"), name
        assert found.confidence > 0.31, name


@pytest.mark.parametrize("index", [4, 28])
def test_a_hard_lattice_carries_it_through_another_encoder(index: int) -> None:
    """Cells of 30 pixels and more, 100 and more of 255 apart: what the usual strength drowns in."""
    frames = drawn(index, width=360, height=640, frames=8).frames
    marked = _marked(frames)
    assert 36 <= _peak_signal_to_noise(frames, marked) < 44
    for copy in (re_encoded(marked, crf=28), re_encoded(scaled(marked, 0.5), crf=23)):
        found = detect(copy, [KEY])
        assert found is not None
        assert found.number == MARK.number


@pytest.mark.parametrize("cell", [1, 4, 20, 31])
def test_black_and_white_from_edge_to_edge_is_marked_more_strongly(cell: int) -> None:
    frames = _lattice(cell=cell)
    marked = _marked(frames)
    assert 35.9 <= _peak_signal_to_noise(frames, marked) < 37
    found = detect(decoded(mp4(marked, crf=21, preset="veryfast")), [KEY])
    assert found is not None
    assert found.number == MARK.number


def test_what_an_old_key_marked_is_still_found_and_without_the_key_it_is_not(film: Frames) -> None:
    old = _marked(film, Mark(7, OLD_KEY))
    found = detect(old, [KEY, OLD_KEY])
    assert found is not None
    assert (found.number, found.key_name) == (7, "key-1")
    assert detect(old, [KEY]) is None
    assert detect(old, []) is None


def test_nothing_is_found_where_nothing_is(film: Frames) -> None:
    for kind in ("photograph", "noise", "bars"):
        plain = drawn(KINDS.index(kind), width=192, height=256, frames=2).frames
        assert detect(plain, [KEY, OLD_KEY]) is None, kind
    assert detect(film[:1, :256, :256], [KEY]) is None
    assert detect([], [KEY]) is None
    assert detect([np.zeros((20, 20, 3), np.uint8)], [KEY]) is None


def test_what_it_does_not_survive_reads_as_nothing_never_as_another_id(marked: Frames) -> None:
    assert detect(turned(marked, 2), [KEY]) is None
    assert detect(re_encoded(scaled(marked, 0.2), crf=35), [KEY]) is None


def test_an_id_that_does_not_fit_and_a_guessable_secret_are_refused() -> None:
    for number in (-1, 1 << 48):
        with pytest.raises(UnableToWatermark):
            Mark(number, KEY)
    with pytest.raises(UnableToWatermark):
        WatermarkKey("short", b"fifteen bytes..")
    assert MARK.hexadecimal == "0123456789ab"
    assert "secret" not in repr(KEY).replace("secret=", "")
