"""Where an uploaded clip comes from: read in its file, and said on what is made of it."""

import json
from pathlib import Path
from typing import Any

import av
import pytest
from django.test import Client
from django.utils import timezone

from accounts.models import User
from clips.authority import authority
from clips.models import Rendition, Video
from common.ids import public_id
from common.objects import store
from generation.orders import Order
from generation.rendering.rendering import render_next
from generation.services import request_generation
from tests.uploads.conftest import send
from tests.uploads.films import film, loudest_tone
from uploads.models import Upload
from uploads.processing.processing import process
from video.aigc import aigc_value, read_aigc
from video.provenance import COMPOSITE, TRAINED, Claim, ensure_authority, read_manifest, sign
from video.sampling import sample_frames

pytestmark = pytest.mark.django_db(transaction=True)

COMFY = json.dumps({"3": {"class_type": "KSampler", "inputs": {"seed": 7}}})
PILL = (slice(12, 20), slice(20, 26))


def uploaded(program: Client, path: Path, **fields: Any) -> Upload:
    answer = send(program, path, **fields)
    assert answer.status_code == 202, answer.content
    upload = Upload.objects.get(pk=answer.json()["id"])
    process(upload.pk)
    upload.refresh_from_db()
    assert upload.state == "completed", (upload.error_code, upload.error_message)
    return upload


def mp4_of(video: Video | None, folder: Path) -> Path:
    path = folder / f"{Upload.objects.count()}.mp4"
    with store().open_range(Rendition.objects.get(video=video, kind="mp4").digest) as content:
        path.write_bytes(b"".join(content))
    return path


def signed_by_somebody_else(path: Path, folder: Path) -> Path:
    other = ensure_authority(folder / "other", now=timezone.now(), organisation="Dream Machines")
    claim = Claim("v", "A dream", "dream-1", "1", timezone.now(), producer="Dream Machines")
    sign(path, authority=other, claim=claim)
    return path


def test_nothing_is_said_of_what_nothing_is_known_of(
    program: Client, plain: Path, tmp_path: Path
) -> None:
    upload = uploaded(program, plain)
    assert (upload.provenance, upload.signs) == ("none", [])
    made = mp4_of(upload.video, tmp_path)
    manifest = read_manifest(made, authority=authority())
    assert (manifest.state, manifest.is_ai_generated) == ("trusted", False)
    assert manifest.parent
    assert read_aigc(made) is None
    assert loudest_tone(made) == 440


def test_what_its_owner_declares_is_called_declared(
    program: Client, plain: Path, tmp_path: Path
) -> None:
    upload = uploaded(program, plain, ai="yes", tool="Dream 2")
    assert (upload.provenance, upload.tool) == ("declared", "Dream 2")
    made = mp4_of(upload.video, tmp_path)
    assert (read_aigc(made) or {})["Label"] == "2"
    assert read_manifest(made, authority=authority()).source_type == COMPOSITE


def test_a_whole_manifest_that_says_ai_is_believed_and_kept(
    program: Client, tmp_path: Path
) -> None:
    original = signed_by_somebody_else(film(tmp_path / "dream.mp4"), tmp_path)
    upload = uploaded(program, original)
    assert upload.provenance == "generated"
    assert [(sign["found_in"], sign["is_certain"]) for sign in upload.signs] == [("c2pa", True)]
    made = mp4_of(upload.video, tmp_path)
    manifest = read_manifest(made, authority=authority())
    assert (manifest.state, manifest.source_type) == ("trusted", TRAINED)
    assert b"Dream Machines" in made.read_bytes()
    aigc = read_aigc(made) or {}
    assert (aigc["Label"], aigc["ContentPropagator"]) == ("1", "Reverie")


def test_a_broken_manifest_that_names_ai_is_a_suspicion(program: Client, tmp_path: Path) -> None:
    original = signed_by_somebody_else(film(tmp_path / "dream.mp4"), tmp_path)
    content = bytearray(original.read_bytes())
    content[-100] ^= 1
    original.write_bytes(content)
    upload = uploaded(program, original)
    assert upload.provenance == "suspected"
    made = mp4_of(upload.video, tmp_path)
    assert read_manifest(made, authority=authority()).state == "trusted"
    assert (read_aigc(made) or {})["Label"] == "3"


def test_the_aigc_key_is_believed_and_its_producer_stays_named(
    program: Client, tmp_path: Path
) -> None:
    value = aigc_value(producer="Dream Machines", produce_id="dream-77")
    upload = uploaded(program, film(tmp_path / "a.mp4", metadata={"AIGC": value}))
    assert upload.provenance == "generated"
    aigc = read_aigc(mp4_of(upload.video, tmp_path)) or {}
    assert (aigc["Label"], aigc["ContentProducer"], aigc["ProduceID"]) == (
        "1", "Dream Machines", "dream-77",
    )  # fmt: skip
    assert aigc["PropagateID"] == public_id("video", upload.pk)


@pytest.mark.parametrize("ai", ["no", "yes"])
def test_a_generators_scribbles_are_a_suspicion_and_less_than_the_owners_word(
    program: Client, tmp_path: Path, ai: str
) -> None:
    upload = uploaded(program, film(tmp_path / "a.mp4", metadata={"prompt": COMFY}), ai=ai)
    assert upload.provenance == ("declared" if ai == "yes" else "suspected")
    assert upload.signs == [{"found_in": "metadata", "says": "ComfyUI", "is_certain": False}]


def test_an_encoders_name_is_no_sign(program: Client, tmp_path: Path) -> None:
    words = {"comment": "made with love and AI", "encoder": "Lavf"}
    assert uploaded(program, film(tmp_path / "a.mp4", metadata=words)).provenance == "none"


def test_our_own_watermark_tells_a_copy_that_lost_everything_else(
    program: Client, person: User, tmp_path: Path
) -> None:
    request_generation(
        person,
        Order(prompt="a red fox in the snow", size="360x640", inference_steps=4, seed=1),
        now=timezone.now(),
    )
    render_next()
    made_here = mp4_of(Video.objects.get(), tmp_path)
    copy = tmp_path / "copy.mp4"
    frames = [sample.frame for sample in sample_frames(made_here, count=100)]
    _film_of(frames, copy)
    assert read_aigc(copy) is None
    upload = uploaded(program, copy)
    assert upload.provenance == "generated"
    assert [sign["found_in"] for sign in upload.signs] == ["watermark"]


def _film_of(frames: list[Any], path: Path) -> None:
    with av.open(str(path), "w") as container:
        stream = container.add_stream("libx264", rate=8, options={"crf": "23"})
        stream.height, stream.width = frames[0].shape[:2]
        stream.pix_fmt = "yuv420p"
        for frame in frames:
            container.mux(stream.encode(av.VideoFrame.from_ndarray(frame, format="rgb24")))
        container.mux(stream.encode(None))


@pytest.mark.parametrize(
    ("name", "codecs"), [("a.webm", ("libvpx-vp9", "libopus")), ("a.mov", ("libx264", "aac"))]
)
def test_webm_and_mov_are_taken_too(
    program: Client, tmp_path: Path, name: str, codecs: tuple[str, str]
) -> None:
    upload = uploaded(program, film(tmp_path / name, codecs=codecs))
    made = mp4_of(upload.video, tmp_path)
    assert loudest_tone(made) == 440
    assert read_manifest(made, authority=authority()).state == "trusted"


@pytest.mark.parametrize(("ai", "is_labelled"), [("yes", True), ("no", False)])
def test_the_visible_label_is_for_what_is_known_or_declared(
    program: Client, plain: Path, tmp_path: Path, *, ai: str, is_labelled: bool
) -> None:
    upload = uploaded(program, plain, ai=ai)
    first, *_ = sample_frames(mp4_of(upload.video, tmp_path), count=4)
    red = first.frame[PILL].astype(int)[..., 0].mean()
    assert bool(red < 120) is is_labelled
