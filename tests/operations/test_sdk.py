"""The stock `openai` SDK against a running Reverie: no patch, only `base_url` and a key."""

import io
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import av
import httpx2
import numpy as np
import openai
import pytest
from numpy.typing import NDArray
from openai import OpenAI
from openai.types import Video
from PIL import Image

from tests.operations.demo import MANY_STEPS, DemoReverie, demo_reverie

pytestmark = pytest.mark.slow

PROMPT = "a red car moving to the right at night"
FAINT = 2.5
"""Two watermarks differ by less, in steps of 255 on average; two pictures by more."""


@pytest.fixture(scope="module")
def house(tmp_path_factory: pytest.TempPathFactory) -> Iterator[DemoReverie]:
    with demo_reverie(tmp_path_factory.mktemp("sdk"), REVERIE_JOBS_PER_USER="3") as house:
        yield house


@pytest.fixture(scope="module")
def sdk(house: DemoReverie) -> OpenAI:
    return house.sdk(max_retries=0)


@pytest.fixture(scope="module")
def made(sdk: OpenAI) -> Video:
    return sdk.videos.create_and_poll(
        prompt=PROMPT, model="reverie-small-2", size="720x1280", seconds="4"
    )


@pytest.fixture(autouse=True)
def _nothing_left_running(sdk: OpenAI) -> Iterator[None]:
    yield
    for video in sdk.videos.list(limit=20).data:
        if video.status in {"queued", "in_progress"}:
            sdk.videos.delete(video.id)


def _long_job(sdk: OpenAI) -> Video:
    return sdk.videos.create(prompt=PROMPT, extra_body={"num_inference_steps": MANY_STEPS})


def _wait_until(sdk: OpenAI, video_id: str, status: str) -> Video:
    end = time.monotonic() + 60
    while (video := sdk.videos.retrieve(video_id)).status != status:
        assert time.monotonic() < end, video
        time.sleep(0.1)
    return video


def test_create_and_poll_ends_completed(made: Video) -> None:
    assert made.status == "completed"
    assert made.progress == 100
    assert made.error is None
    assert (made.model, made.size, made.seconds) == ("reverie-small-2", "720x1280", "4")
    assert made.completed_at is not None
    assert made.completed_at >= made.created_at


def test_every_variant_downloads(sdk: OpenAI, made: Video) -> None:
    mp4 = sdk.videos.download_content(made.id).read()
    with av.open(io.BytesIO(mp4)) as video:
        stream = video.streams.video[0]
        assert (stream.codec_context.name, stream.width, stream.height) == ("h264", 720, 1280)
    thumbnail = Image.open(
        io.BytesIO(sdk.videos.download_content(made.id, variant="thumbnail").read())
    )
    sheet = Image.open(
        io.BytesIO(sdk.videos.download_content(made.id, variant="spritesheet").read())
    )
    assert (thumbnail.format, sheet.format) == ("WEBP", "JPEG")


def test_content_answers_byte_ranges(house: DemoReverie, sdk: OpenAI, made: Video) -> None:
    whole = sdk.videos.download_content(made.id).read()
    with house.http() as client:
        part = client.get(f"/v1/videos/{made.id}/content", headers={"Range": "bytes=100-199"})
        beyond = client.get(
            f"/v1/videos/{made.id}/content", headers={"Range": f"bytes={len(whole)}-"}
        )
    assert (part.status_code, part.content) == (206, whole[100:200])
    assert part.headers["Content-Range"] == f"bytes 100-199/{len(whole)}"
    assert beyond.status_code == 416


def test_the_list_pages_through_everything_once(sdk: OpenAI, made: Video) -> None:
    newest = sdk.videos.list(limit=2)
    assert newest.data[0].id == made.id
    assert newest.has_more
    walked = [video.id for video in sdk.videos.list(limit=2)]
    oldest_first = [video.id for video in sdk.videos.list(limit=3, order="asc")]
    assert len(walked) == len(set(walked)) >= 4
    assert walked == oldest_first[::-1]


def test_progress_moves_through_the_steps(sdk: OpenAI) -> None:
    video = sdk.videos.create(prompt=PROMPT, extra_body={"num_inference_steps": 60})
    seen = set[int]()
    end = time.monotonic() + 40
    while len(seen) < 3 and time.monotonic() < end:
        seen.add(sdk.videos.retrieve(video.id).progress)
        time.sleep(0.2)
    assert len(seen) >= 3


def test_a_queued_and_a_running_job_can_be_deleted(sdk: OpenAI) -> None:
    running, queued = _long_job(sdk), _long_job(sdk)
    _wait_until(sdk, running.id, "in_progress")
    for video in (queued, running):
        assert sdk.videos.delete(video.id).deleted
        with pytest.raises(openai.NotFoundError):
            sdk.videos.retrieve(video.id)
    # The worker let go of the deleted job at once: the next one is made in no time.
    after = sdk.videos.create_and_poll(prompt=PROMPT)
    assert after.status == "completed"


def test_too_many_jobs_are_refused_with_a_time_to_wait(sdk: OpenAI) -> None:
    for _ in range(3):
        _long_job(sdk)
    with pytest.raises(openai.RateLimitError) as refused:
        _long_job(sdk)
    assert int(refused.value.response.headers["Retry-After"]) > 0
    assert refused.value.code == "rate_limit_exceeded"


@pytest.mark.parametrize(
    ("order", "code", "field"),
    [
        ({"prompt": "   "}, "empty_prompt", "prompt"),
        ({"prompt": "x" * 10_000}, "string_above_max_length", "prompt"),
        ({"prompt": PROMPT, "model": "sora-2"}, "model_not_found", "model"),
        ({"prompt": PROMPT, "size": "99x99"}, "invalid_value", "size"),
        ({"prompt": PROMPT, "seconds": "7"}, "invalid_value", "seconds"),
        ({"prompt": "two people having explicit sex"}, "moderation_blocked", "prompt"),
    ],
)
def test_a_wrong_order_is_a_bad_request_that_names_the_field(
    sdk: OpenAI, order: dict[str, Any], code: str, field: str
) -> None:
    before = [video.id for video in sdk.videos.list()]
    with pytest.raises(openai.BadRequestError) as refused:
        sdk.videos.create(**order)
    assert (refused.value.code, refused.value.param) == (code, field)
    assert refused.value.type == "invalid_request_error"
    assert [video.id for video in sdk.videos.list()] == before


def test_a_strangers_video_is_not_there(house: DemoReverie, made: Video) -> None:
    stranger = house.sdk("admin", max_retries=0)
    for call in (
        stranger.videos.retrieve,
        stranger.videos.delete,
        stranger.videos.download_content,
    ):
        with pytest.raises(openai.NotFoundError):
            call(made.id)
    assert made.id not in [video.id for video in stranger.videos.list()]


def test_a_viewer_may_not_create(house: DemoReverie) -> None:
    with pytest.raises(openai.PermissionDeniedError):
        house.sdk("viewer", max_retries=0).videos.create(prompt=PROMPT)


def test_a_missing_a_wrong_and_a_revoked_key_are_refused(house: DemoReverie, sdk: OpenAI) -> None:
    with house.http(role=None) as nobody:
        assert nobody.get("/v1/videos").status_code == 401
    with pytest.raises(openai.AuthenticationError):
        house.sdk(api_key="sk-wrong", max_retries=0).videos.list()
    with house.http() as client:
        made = client.post("/api/v1/me/keys", json={"name": "short-lived"}).json()
        fresh = house.sdk(api_key=made["secret"], max_retries=0)
        fresh.videos.list()
        assert client.delete(f"/api/v1/me/keys/{made['id']}").status_code == 204
    with pytest.raises(openai.AuthenticationError):
        fresh.videos.list()


def test_models_are_listed_and_found(sdk: OpenAI) -> None:
    assert "reverie-small-2" in [model.id for model in sdk.models.list()]
    assert sdk.models.retrieve("reverie-small-2").owned_by == "reverie"
    with pytest.raises(openai.NotFoundError):
        sdk.models.retrieve("sora-2")


def test_a_picture_as_reference_is_what_the_video_begins_with(sdk: OpenAI, tmp_path: Path) -> None:
    picture = tmp_path / "sky.png"
    Image.new("RGB", (640, 640), (40, 60, 160)).save(picture)
    made = sdk.videos.create_and_poll(
        prompt="a cat", size="720x1280", seconds="4", input_reference=picture
    )
    assert made.status == "completed", made.error
    assert made.model_extra is not None
    assert made.model_extra["begins_with_picture"] is True
    with pytest.raises(openai.BadRequestError) as refused:
        sdk.videos.create(prompt=PROMPT, input_reference=b"no picture")
    assert (refused.value.param, refused.value.code) == ("input_reference", "invalid_picture")


def test_the_same_seed_makes_the_same_picture_but_for_its_watermark(sdk: OpenAI) -> None:
    """The engine's frames are the same; each video carries an id of its own, too faint to see."""
    first, again, other = (_luma_of_a_video(sdk, seed=seed) for seed in (5, 5, 6))
    assert 0 < np.abs(first - again).mean() < FAINT
    assert np.abs(first - other).mean() > FAINT


def _luma_of_a_video(sdk: OpenAI, *, seed: int) -> NDArray[np.float32]:
    video = sdk.videos.create_and_poll(prompt=PROMPT, extra_body={"size": "360x640", "seed": seed})
    with av.open(io.BytesIO(sdk.videos.download_content(video.id).read()), "r") as container:
        frames = [one.to_ndarray(format="gray") for one in container.decode(video=0)]
    return np.stack(frames).astype(np.float32)


def test_posting_at_creation_ends_in_a_published_clip(house: DemoReverie, sdk: OpenAI) -> None:
    order = {"caption": "A night drive", "hashtags": ["night"], "privacy": "public"}
    video = sdk.videos.create_and_poll(prompt=PROMPT, extra_body={"post": order})
    with house.http(role=None) as visitor:
        end = time.monotonic() + 60
        while (found := _latest(visitor).get("A night drive")) is None:
            assert time.monotonic() < end
            time.sleep(0.3)
        assert visitor.get(found["urls"]["mp4"]).status_code == 200
    assert found["provenance"] == "generated"
    assert sdk.videos.retrieve(video.id).model_dump()["clip_id"] == found["id"]


def _latest(visitor: httpx2.Client) -> dict[str, Any]:
    answer = visitor.get("/api/v1/feed?mode=latest")
    assert answer.status_code == 200, answer.text
    return {clip["caption"]: clip for clip in answer.json()["data"]}
