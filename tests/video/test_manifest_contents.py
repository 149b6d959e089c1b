"""What a manifest says beyond who signed: parent, upload, watermark, and the time."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from socket import socket

import c2pa
import pytest

from tests.video.timestamping import time_stamp_server
from video.encoding import encode
from video.frames import Frames
from video.provenance import (
    COMPOSITE,
    SOFT_BINDING,
    WATERMARK_ALGORITHM,
    Authority,
    Claim,
    Parent,
    read_manifest,
    sign,
)

DIGITS = "0123456789ab"


@pytest.fixture
def files(tmp_path: Path, square: Frames) -> tuple[Path, Path]:
    """Two unsigned videos."""
    made = []
    for name in ("parent", "child"):
        (tmp_path / name).mkdir()
        encode(square, frames_per_second=8, width=96, height=96, folder=tmp_path / name)
        made.append(tmp_path / name / "video.mp4")
    return made[0], made[1]


def _actions(path: Path) -> list[dict[str, str]]:
    with c2pa.Reader(str(path)) as reader:
        manifest = reader.get_active_manifest()
    labels = {one["label"]: one["data"] for one in manifest["assertions"]}
    actions: list[dict[str, str]] = labels["c2pa.actions.v2"]["actions"]
    return actions


def test_a_remix_names_its_parent_and_says_what_was_done(
    files: tuple[Path, Path], authority: Authority, claim: Claim
) -> None:
    parent, child = files
    sign(parent, authority=authority, claim=claim)
    remix = replace(
        claim,
        video_id="video_child",
        source_type=COMPOSITE,
        parent=Parent(parent, "the square before"),
    )
    reading = sign(child, authority=authority, claim=remix)
    assert (reading.state, reading.is_ai_generated) == ("trusted", True)
    assert (reading.parent, reading.source_type) == ("the square before", COMPOSITE)
    assert reading.engine == claim.engine
    opened, edited = _actions(child)
    assert (opened["action"], edited["action"]) == ("c2pa.opened", "c2pa.edited")
    assert edited["digitalSourceType"].endswith("/compositeWithTrainedAlgorithmicMedia")
    with c2pa.Reader(str(child)) as reader:
        [ingredient] = reader.get_active_manifest()["ingredients"]
    assert ingredient["relationship"] == "parentOf"
    assert ingredient["active_manifest"], "the parent's own manifest is kept inside"


def test_an_upload_of_which_nothing_is_known_is_not_called_ai(
    files: tuple[Path, Path], authority: Authority, claim: Claim
) -> None:
    original, ours = files
    upload = replace(claim, engine="", source_type="", parent=Parent(original, "an upload"))
    reading = sign(ours, authority=authority, claim=upload)
    assert (reading.state, reading.is_ai_generated) == ("trusted", False)
    assert (reading.source_type, reading.engine) == ("", "")
    assert [one["action"] for one in _actions(ours)] == ["c2pa.opened", "c2pa.transcoded"]


def test_a_changed_parent_does_not_take_our_own_signature_with_it(
    files: tuple[Path, Path], authority: Authority, claim: Claim
) -> None:
    parent, child = files
    sign(parent, authority=authority, claim=claim)
    content = bytearray(parent.read_bytes())
    content[content.index(b"mdat") + 40] ^= 1
    parent.write_bytes(content)
    assert read_manifest(parent, authority=authority).state == "invalid"
    remix = replace(claim, source_type=COMPOSITE, parent=Parent(parent, "tampered with"))
    assert sign(child, authority=authority, claim=remix).state == "trusted"


def test_the_watermark_is_bound_to_the_manifest(
    files: tuple[Path, Path], authority: Authority, claim: Claim
) -> None:
    path, _ = files
    assert sign(path, authority=authority, claim=claim, watermark=DIGITS).watermark == DIGITS
    with c2pa.Reader(str(path)) as reader:
        manifest = reader.get_active_manifest()
    [binding] = [one["data"] for one in manifest["assertions"] if one["label"] == SOFT_BINDING]
    assert binding["alg"] == WATERMARK_ALGORITHM
    assert binding["blocks"][0]["value"] == DIGITS
    assert "c2pa.watermarked.bound" in [one["action"] for one in _actions(path)]


def test_a_time_stamp_server_vouches_for_the_time(
    files: tuple[Path, Path], authority: Authority, claim: Claim, tmp_path: Path
) -> None:
    plain, stamped = files
    assert sign(plain, authority=authority, claim=claim).timestamped_at is None
    folder = tmp_path / "clock"
    folder.mkdir()
    with time_stamp_server(folder) as url:
        reading = sign(stamped, authority=replace(authority, timestamp_url=url), claim=claim)
    assert reading.state == "trusted"
    assert reading.timestamped_at is not None
    assert abs(reading.timestamped_at - datetime.now(UTC)) < timedelta(minutes=1)
    assert read_manifest(stamped, authority=authority) == reading, "read without the server"


def test_a_time_stamp_server_that_is_down_costs_the_stamp_and_not_the_signature(
    files: tuple[Path, Path], authority: Authority, claim: Claim, caplog: pytest.LogCaptureFixture
) -> None:
    with socket() as taken:
        taken.bind(("127.0.0.1", 0))
        closed = f"http://somebody:secret@127.0.0.1:{taken.getsockname()[1]}/"
        down = replace(authority, timestamp_url=closed)
        readings = [sign(path, authority=down, claim=claim) for path in files]
    assert [(one.state, one.timestamped_at) for one in readings] == [("trusted", None)] * 2
    warnings = [one.getMessage() for one in caplog.records if one.name == "video.provenance"]
    assert len(warnings) == 1, "asked once, and for a minute not again"
    assert "127.0.0.1" in warnings[0]
    assert "secret" not in caplog.text
