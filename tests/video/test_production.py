"""A finished video: every file carries its marks, and they read back."""

import hashlib
from dataclasses import replace
from pathlib import Path

import av
import numpy as np
import pytest
from PIL import Image

from video.aigc import read_aigc, read_picture_aigc
from video.frames import Frames, UnableToUseFrames, fit_frames
from video.labels import draw_label
from video.production import Marks, Production, produce
from video.provenance import (
    Authority,
    Claim,
    ManifestReading,
    Parent,
    UnableToMark,
    read_manifest,
)
from video.watermark import Mark, WatermarkKey


def test_the_set_is_complete_and_described_as_it_lies_on_disk(production: Production) -> None:
    kinds = [file.kind for file in production.files]
    assert kinds == ["mp4", "hls_playlist", "hls_init", "hls_segment", "hls_segment",
                     "poster", "spritesheet"]  # fmt: skip
    for file in production.files:
        content = file.path.read_bytes()
        assert file.path.name == file.name
        assert file.sha256 == hashlib.sha256(content).hexdigest()
        assert file.size_bytes == len(content)
    assert (production.width, production.height) == (360, 640)
    assert (production.frame_count, production.duration_seconds) == (20, 2.5)


def test_signing_last_keeps_the_header_first_and_the_video_playable(mp4: Path) -> None:
    content = mp4.read_bytes()
    assert content.index(b"moov") < content.index(b"mdat")
    with av.open(str(mp4)) as container:
        assert len(list(container.decode(video=0))) == 20


def test_the_label_is_in_every_decoded_frame(mp4: Path, square: Frames) -> None:
    plain = fit_frames(square, width=360, height=640)
    marked = draw_label(plain)
    with av.open(str(mp4)) as container:
        for index, frame in enumerate(container.decode(video=0)):
            seen = frame.to_ndarray(format="rgb24")[10:70, 10:100].astype(int)
            from_marked = np.abs(seen - marked[index, 10:70, 10:100]).mean()
            from_plain = np.abs(seen - plain[index, 10:70, 10:100]).mean()
            assert from_marked < 6, index
            assert from_plain > 20, index


def test_the_poster_shows_the_label_too(production: Production, square: Frames) -> None:
    plain = fit_frames(square[:1], width=360, height=640)[0, 10:70, 10:100]
    path = next(file.path for file in production.files if file.kind == "poster")
    with Image.open(path) as poster:
        seen = np.asarray(poster.convert("RGB"))[10:70, 10:100].astype(int)
    assert np.abs(seen - plain).mean() > 20


def test_mp4_and_pictures_carry_the_key_and_a_trusted_manifest(
    production: Production, authority: Authority, claim: Claim
) -> None:
    signed = [file for file in production.files if file.kind in ("mp4", "poster", "spritesheet")]
    for file in signed:
        reading = read_manifest(file.path, authority=authority)
        assert (reading.state, reading.is_ai_generated) == ("trusted", True), file.name
        assert reading.video_id == claim.video_id
        read = read_aigc if file.kind == "mp4" else read_picture_aigc
        key = read(file.path)
        assert key is not None
        assert (key["Label"], key["ProduceID"]) == ("1", claim.video_id)


def test_hls_carries_the_key_and_claims_no_signature(
    production: Production, authority: Authority, claim: Claim
) -> None:
    init = next(file.path for file in production.files if file.kind == "hls_init")
    key = read_aigc(init)
    assert key is not None
    assert key["ProduceID"] == claim.video_id
    assert read_manifest(init, authority=authority).state == "none"


def test_no_file_names_a_folder_of_this_machine(production: Production) -> None:
    for file in production.files:
        assert str(file.path.parent).encode() not in file.path.read_bytes(), file.name


def test_refuses_frames_that_are_none(authority: Authority, claim: Claim, tmp_path: Path) -> None:
    with pytest.raises(UnableToUseFrames):
        produce(
            np.zeros((8, 8, 3), np.uint8),
            frames_per_second=8,
            width=64,
            height=64,
            folder=tmp_path,
            authority=authority,
            claim=claim,
        )


def _frozen_noise() -> Frames:
    """Black and white by chance, every pixel for itself, and the same in every frame."""
    grain = np.random.default_rng(1).integers(0, 2, (1, 320, 240, 1)) * 255
    return np.broadcast_to(grain, (6, 320, 240, 3)).astype(np.uint8)


def test_a_pattern_too_hard_to_carry_a_watermark_stops_no_upload_and_is_not_said_to_carry_one(
    authority: Authority,
    claim: Claim,
    mp4: Path,
    square: Frames,
    tmp_path: Path,
    caplog: pytest.LogCaptureFixture,
) -> None:
    mark = Mark(0x0123456789AB, WatermarkKey("key-1", b"a secret of sixteen bytes or more"))

    def made(
        name: str, frames: Frames, claim: Claim, *, is_needed: bool = False
    ) -> ManifestReading:
        made = produce(
            frames,
            frames_per_second=8,
            width=240,
            height=320,
            folder=tmp_path / name,
            authority=authority,
            claim=claim,
            marks=Marks(watermark=mark, is_watermark_needed=is_needed),
        )
        return read_manifest(made.files[0].path, authority=authority)

    upload = replace(claim, engine="", parent=Parent(mp4, "What was uploaded"))
    with pytest.raises(UnableToMark):
        made("rendered", _frozen_noise(), claim, is_needed=True)
    with pytest.raises(UnableToMark):
        made("remixed", _frozen_noise(), upload, is_needed=True)
    assert not caplog.records
    hard = made("hard", _frozen_noise(), upload)
    assert (hard.state, hard.is_ai_generated, hard.watermark) == ("trusted", True, "")
    assert [one.getMessage() for one in caplog.records if claim.video_id in one.getMessage()]
    usual = made("usual", fit_frames(square, width=240, height=320), upload)
    assert (usual.state, usual.watermark) == ("trusted", mark.hexadecimal)
