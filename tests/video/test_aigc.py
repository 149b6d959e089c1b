"""GB 45438-2025: the implicit label in an MP4's and in a picture's own metadata."""

import json
from pathlib import Path

import pytest
from PIL import Image

from video.aigc import (
    FIELDS,
    UnableToLabel,
    UnableToReadPicture,
    aigc_value,
    read_aigc,
    read_picture_aigc,
    xmp_packet,
)
from video.encoding import encode
from video.frames import Frames, UnableToReadVideo


def test_the_value_has_the_seven_fields_of_the_standard() -> None:
    value = json.loads(aigc_value(producer="梦境", produce_id="video_1", propagator="mirror"))
    assert tuple(value) == FIELDS
    assert value["Label"] == "1"
    assert value["ContentProducer"] == "梦境"
    assert (value["ContentPropagator"], value["PropagateID"]) == ("mirror", "")
    for producer, produce_id in (("", "video_1"), ("us", ""), ("x" * 513, "video_1")):
        with pytest.raises(UnableToLabel):
            aigc_value(producer=producer, produce_id=produce_id)


def test_reads_back_from_an_mp4_and_from_hls(square: Frames, tmp_path: Path) -> None:
    value = aigc_value(producer='"Dreams" & <Söhne> 梦', produce_id="video_1")
    encode(square, frames_per_second=8, width=96, height=96, folder=tmp_path,
           metadata={"AIGC": value})  # fmt: skip
    assert read_aigc(tmp_path / "video.mp4") == json.loads(value)
    assert read_aigc(tmp_path / "init.mp4") == json.loads(value)


@pytest.mark.parametrize("name", ["picture.webp", "picture.jpg"])
def test_reads_back_from_a_picture(name: str, tmp_path: Path) -> None:
    value = aigc_value(producer='"Dreams" & <Söhne> 梦', produce_id="video_1")
    Image.new("RGB", (32, 32)).save(tmp_path / name, xmp=xmp_packet(value))
    assert read_picture_aigc(tmp_path / name) == json.loads(value)


def test_a_file_without_the_key_reads_none(square: Frames, tmp_path: Path) -> None:
    for value in ("", "no json", "[1]", '{"Label": 1}'):
        encode(square[:2], frames_per_second=8, width=96, height=96, folder=tmp_path,
               metadata={"AIGC": value})  # fmt: skip
        assert read_aigc(tmp_path / "video.mp4") is None
    assert read_picture_aigc(tmp_path / "poster.webp") is None
    (tmp_path / "text.mp4").write_text("no video")
    with pytest.raises(UnableToReadVideo):
        read_aigc(tmp_path / "text.mp4")
    with pytest.raises(UnableToReadPicture):
        read_picture_aigc(tmp_path / "text.mp4")
