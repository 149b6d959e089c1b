"""A stranger's video, opened in a process of its own."""

import json
import os
from collections.abc import Callable
from dataclasses import replace
from fractions import Fraction
from pathlib import Path
from time import monotonic
from typing import Any

import av
import numpy as np
import psutil
import pytest

from tests.uploads.films import GREEN, RED, film, picture
from video.decoding import Bounds, UnableToTakeVideo, kind_of
from video.intake import CHILD, Allowance, Intake, examine, fitted_size, pictures_of
from video.provenance import Authority
from video.signs import known_generators, signs_in, source_type_of, standing_of
from video.sounds import CHANNELS, RATE, SAMPLE_BYTES

Examine = Callable[..., Intake]


@pytest.fixture
def look(tmp_path: Path, authority: Authority) -> Examine:
    def look(path: Path, **allowed: Any) -> Intake:
        return examine(
            path,
            folder=tmp_path,
            root_certificate_pem=authority.root_certificate_pem,
            allowance=Allowance(**allowed),
        )

    return look


def _readers() -> list[psutil.Process]:
    """The processes that read files now."""
    children = psutil.Process().children()
    return [child for child in children if CHILD in child.cmdline()]


@pytest.mark.parametrize(
    ("size", "expected"),
    [
        ((1080, 1920), (720, 1280)),
        ((3840, 2160), (1280, 720)),
        ((360, 640), (360, 640)),
        ((801, 601), (800, 600)),
        ((1280, 1280), (720, 720)),
        ((4000, 1000), (1280, 320)),
    ],
)
def test_the_aspect_stays_and_sides_are_even(
    size: tuple[int, int], expected: tuple[int, int]
) -> None:
    assert fitted_size(*size) == expected


@pytest.mark.parametrize(
    ("rate", "expected", "count"),
    [(16, 16, 16), (60, 30, 31), (50, 25, 25), (Fraction(30000, 1001), Fraction(30000, 1001), 30)],
)
def test_pictures_come_at_a_steady_rate(
    look: Examine, tmp_path: Path, rate: Fraction, expected: Fraction, count: int
) -> None:
    intake = look(film(tmp_path / "a.mp4", rate=rate, codecs=("libx264", None)))
    assert intake.frames_per_second == expected
    pictures = list(pictures_of(intake, allowance=Allowance()))
    assert abs(len(pictures) - count) <= 1
    assert {picture.shape for picture in pictures} == {(320, 180, 3)}
    assert len(list(pictures_of(intake, allowance=Allowance(), every=4))) == -(-len(pictures) // 4)


def test_a_phone_held_upright_gives_an_upright_picture(look: Examine, tmp_path: Path) -> None:
    intake = look(film(tmp_path / "a.mp4", size=(320, 180), turned=90))
    assert intake.size == (180, 320)
    first = next(iter(pictures_of(intake, allowance=Allowance())))
    # Turned against the clock, what was above is on the left, and what was left is below.
    assert np.abs(first[100, 30].astype(int) - RED).max() < 40
    assert np.abs(first[-8, 30].astype(int) - GREEN).max() < 60


def test_pictures_that_come_when_they_like_are_shown_when_they_came(
    look: Examine, tmp_path: Path
) -> None:
    path = tmp_path / "a.mp4"
    with av.open(str(path), "w") as container:
        stream: Any = container.add_stream("libx264", rate=10)
        stream.width, stream.height, stream.pix_fmt = 180, 320, "yuv420p"
        for number, at in enumerate([0, 1, 2, 12]):
            frame = av.VideoFrame.from_ndarray(picture(number * 10, width=180, height=320), "rgb24")
            frame.pts, frame.time_base = at, Fraction(1, 10)
            container.mux(stream.encode(frame))
        container.mux(stream.encode(None))
    intake = look(path)
    seconds = len(list(pictures_of(intake, allowance=Allowance()))) / intake.frames_per_second
    assert 1.1 <= seconds <= 1.5


def test_the_sound_is_as_long_as_it_was(look: Examine, tmp_path: Path) -> None:
    intake = look(film(tmp_path / "a.webm", codecs=("libvpx-vp9", "libopus"), seconds=2))
    assert intake.sound is not None
    seconds = intake.sound.stat().st_size / (RATE * CHANNELS * SAMPLE_BYTES)
    assert seconds == pytest.approx(2, abs=0.05)
    assert look(film(tmp_path / "b.mp4", codecs=("libx264", None))).sound is None


@pytest.mark.parametrize(
    ("allowed", "code"),
    [
        ({"bounds": Bounds(max_seconds=0.2)}, "video_too_long"),
        ({"bounds": Bounds(max_pixels=100 * 100)}, "video_too_large"),
        ({"bounds": Bounds(max_frames=0)}, "invalid_video"),
    ],
)
def test_what_takes_too_much_is_cut_off(
    look: Examine, tmp_path: Path, allowed: dict[str, Any], code: str
) -> None:
    path = film(tmp_path / "a.mp4")
    with pytest.raises(UnableToTakeVideo) as refusal:
        look(path, **allowed)
    assert refusal.value.code == code
    assert not _readers()


def test_what_takes_too_much_memory_is_cut_off(look: Examine, tmp_path: Path) -> None:
    path = film(tmp_path / "a.mp4", size=(2160, 3840), seconds=0.2, codecs=("libx264", None))
    assert look(path).size == (720, 1280)
    with pytest.raises(UnableToTakeVideo):
        look(path, memory_bytes=100 << 20)
    assert not _readers()


def test_a_silent_process_is_cut_off(look: Examine, tmp_path: Path) -> None:
    pipe = tmp_path / "pipe.mp4"
    os.mkfifo(pipe)
    with pytest.raises(UnableToTakeVideo) as refusal:
        look(pipe, silence_seconds=1.0)
    assert refusal.value.code == "video_too_costly"
    assert not _readers()


def test_a_header_that_lies_about_the_length_does_not_help(look: Examine, tmp_path: Path) -> None:
    intake = look(film(tmp_path / "a.mp4", seconds=3))
    short = Allowance(bounds=Bounds(max_seconds=1))
    with pytest.raises(UnableToTakeVideo) as refusal:
        list(pictures_of(intake, allowance=short))
    assert refusal.value.code == "video_too_long"


def test_nobody_waits_for_a_process_that_is_not_needed_any_more(
    look: Examine, tmp_path: Path
) -> None:
    intake = look(film(tmp_path / "a.mp4", seconds=5))
    pictures = pictures_of(intake, allowance=Allowance())
    next(iter(pictures))
    del pictures
    assert not _readers()


def test_what_is_raised_while_waiting_ends_the_look(tmp_path: Path, authority: Authority) -> None:
    class Gone(Exception):
        pass

    def gone() -> None:
        raise Gone

    pipe = tmp_path / "pipe.mp4"
    os.mkfifo(pipe)
    begun = monotonic()
    with pytest.raises(Gone):
        examine(
            pipe,
            folder=tmp_path,
            root_certificate_pem=authority.root_certificate_pem,
            allowance=Allowance(),
            while_waiting=gone,
        )
    assert monotonic() - begun < 10
    assert not _readers()


def test_the_process_is_told_no_secrets(
    look: Examine, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("SECRET_KEY", "do not tell")
    intake = look(film(tmp_path / "a.mp4", seconds=5))
    pictures = iter(pictures_of(intake, allowance=Allowance()))
    next(pictures)
    (child,) = _readers()
    assert "SECRET_KEY" not in child.environ()
    del pictures


@pytest.mark.parametrize(
    ("head", "kind"),
    [
        (b"\0\0\0\x18ftypmp42", "mp4"),
        (b"\x1a\x45\xdf\xa3\x01\0\0\0webm", "webm"),
        (b"\x1a\x45\xdf\xa3\x01\0\0\0matroska", None),
        (b"#EXTM3U\nhttp://127.0.0.1/", None),
        (b"", None),
    ],
)
def test_a_file_is_known_by_its_first_bytes(head: bytes, kind: str | None) -> None:
    assert kind_of(head.ljust(64, b"\0")) == kind


def test_every_generator_in_the_list_names_its_source() -> None:
    assert len(known_generators()) > 3
    text = (Path(__file__).parents[2] / "platform/video/generators.yaml").read_text()
    assert text.count("  source: https://") == len(known_generators())


@pytest.mark.parametrize(
    ("tag", "text", "is_sign"),
    [
        ("prompt", json.dumps({"1": {"class_type": "KSampler"}}), True),
        ("workflow", json.dumps({"nodes": []}), True),
        ("prompt", "what we had for lunch", False),
        ("comment", "filmed with love, edited with AI", False),
        ("aigc_info", '{"aigc_label_type":1}', True),
        ("aigc_info", '{"aigc_label_type":0}', False),
        (
            "xmp",
            "<x>http://cv.iptc.org/newscodes/digitalsourcetype/trainedAlgorithmicMedia</x>",
            True,
        ),
        ("xmp", "<x>http://cv.iptc.org/newscodes/digitalsourcetype/digitalCapture</x>", False),
    ],
)
def test_only_published_scribbles_are_signs(
    look: Examine, tmp_path: Path, *, tag: str, text: str, is_sign: bool
) -> None:
    intake = look(film(tmp_path / "a.mp4"))
    marked = replace(intake, examination=replace(intake.examination, tags={tag: text}))
    signs = signs_in(marked)
    assert bool(signs) is is_sign
    standing = standing_of(signs, is_declared=False)
    assert standing == ("suspected" if is_sign else "none")
    assert source_type_of(marked, standing) == ""
