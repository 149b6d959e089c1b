"""`/v1/videos` with requests that no SDK would send."""

import json
from typing import Any

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client

from accounts.models import Role
from generation.models import Job
from generation.rendering.rendering import render_next
from generation.views import OPEN_STREAMS
from tests.generation.conftest import PROMPT, ask
from tests.people import make_user, program_of

pytestmark = pytest.mark.django_db(transaction=True)


def _post(client: Client, body: bytes | dict[str, Any], kind: str = "application/json") -> Any:
    return client.post("/v1/videos", body, content_type=kind)


@pytest.mark.parametrize(
    ("body", "field"),
    [
        (b"", None),
        (b"{", None),
        (b'"prompt"', None),
        (b"[]", None),
        (b'{"prompt": "\xff\xfe"}', None),
        (b'{"prompt": "a\\u0000cat"}', "prompt"),
        (b'{"prompt": null}', "prompt"),
        (b'{"prompt": {"a": 1}}', "prompt"),
        (b'{"prompt": "a cat", "seed": -1}', "seed"),
        (b'{"prompt": "a cat", "seed": 9223372036854775808}', "seed"),
        (b'{"prompt": "a cat", "seed": "abc"}', "seed"),
        (b'{"prompt": "a cat", "guidance_scale": 1e9}', "guidance_scale"),
        (b'{"prompt": "a cat", "guidance_scale": NaN}', None),
        (b'{"prompt": "a cat", "num_inference_steps": 0}', "num_inference_steps"),
        (b'{"prompt": "a cat", "num_inference_steps": 100000}', "num_inference_steps"),
        (b'{"prompt": "a cat", "width": 720}', "size"),
        (b'{"prompt": "a cat", "width": 720, "height": 1280, "size": "360x640"}', "size"),
        (b'{"prompt": "a cat", "lora": "x"}', "lora"),
        (b'{"prompt": "a cat", "motion": {"tracks": []}}', "motion"),
        (
            b'{"prompt": "a cat", "motion": {"tracks": [{"keyframes": [[2, 0, 0, 1, 1]]}]}}',
            "motion",
        ),
        (b'{"prompt": "a cat", "motion": "no json"}', "motion"),
        (b'{"prompt": "a cat", "sed": 5}', "sed"),
        (b'{"prompt": "a cat", "post": {"privacy": "secret"}}', "post.privacy"),
        (b'{"prompt": "a cat", "post": {"hashtags": ["two words"]}}', "hashtags"),
    ],
)
def test_what_can_not_be_understood_is_a_clear_400(
    client: Client, body: bytes, field: str | None
) -> None:
    answer = _post(client, body)
    assert answer.status_code == 400, answer.content
    error = answer.json()["error"]
    assert set(error) == {"message", "type", "param", "code"}
    assert error["message"]
    assert error["type"] == "invalid_request_error"
    if field:
        assert error["param"] == field
    assert b"Traceback" not in answer.content
    assert not Job.objects.exists()


@pytest.mark.parametrize(
    "prompt", ["🐸 hops 🎉", "قطة في الليل", "ein Frosch hüpft", "a\u202ecat", "日本の夜の星"]
)
def test_every_script_is_taken_and_given_back_unchanged(client: Client, prompt: str) -> None:
    video = ask(client, prompt=prompt)
    assert client.get(f"/v1/videos/{video['id']}").json()["prompt"] == prompt


def test_a_form_is_as_good_as_json(client: Client) -> None:
    form = {"prompt": PROMPT, "size": "360x640", "post": json.dumps({"caption": "Look"})}
    answer = client.post("/v1/videos", form)
    assert answer.status_code == 200, answer.content
    assert Job.objects.get().caption == "Look"
    folded = {"post[caption]": "Folded", "post[hashtags][]": ["a", "b"], "post[privacy]": "only_me"}
    answer = client.post("/v1/videos", {"prompt": PROMPT} | folded)
    job = Job.objects.get(pk=answer.json()["id"].removeprefix("video_"))
    assert (job.caption, job.hashtags, job.privacy) == ("Folded", ["a", "b"], "only_me")
    refused = client.post("/v1/videos", {"prompt": PROMPT, "post": "{"})
    assert (refused.status_code, refused.json()["error"]["param"]) == (400, "post")


def test_fifty_megabytes_are_too_many(client: Client) -> None:
    picture = SimpleUploadedFile("cat.png", b"\0" * 50 * 1024 * 1024, "image/png")
    answer = client.post("/v1/videos", {"prompt": PROMPT, "input_reference": picture})
    assert answer.status_code == 413
    assert answer.json()["error"]["message"]
    assert not Job.objects.exists()


def test_the_same_idempotency_key_makes_one_job(client: Client) -> None:
    def send(prompt: str) -> Any:
        return client.post(
            "/v1/videos",
            {"prompt": prompt},
            content_type="application/json",
            headers={"Idempotency-Key": "once"},
        )

    first, again, other = send(PROMPT), send(PROMPT), send("a red car at night")
    assert (first.status_code, again.status_code) == (200, 200)
    assert again.json() == first.json()
    assert again.headers["Idempotent-Replayed"] == "true"
    assert other.status_code == 409
    assert Job.objects.count() == 1


def test_the_queue_limit_counts_only_unfinished_jobs_of_one_person(client: Client) -> None:
    for _ in range(5):
        ask(client)
    refused = _post(client, {"prompt": PROMPT})
    assert refused.status_code == 429
    assert int(refused.headers["Retry-After"]) > 0
    assert refused.json()["error"]["code"] == "rate_limit_exceeded"
    ask(program_of(make_user()))
    render_next()
    ask(client)


def test_a_refused_prompt_leaves_no_job_and_says_why(client: Client) -> None:
    answer = _post(client, {"prompt": "two people having explicit sex"})
    assert answer.status_code == 400
    error = answer.json()["error"]
    assert (error["code"], error["param"]) == ("moderation_blocked", "prompt")
    assert not Job.objects.exists()


def test_ids_of_others_and_ids_that_are_none_read_alike(client: Client) -> None:
    theirs = ask(program_of(make_user()))["id"]
    for video_id in (theirs, "video_" + "0" * 32, "video_x", "x", "video_" + "é" * 32):
        for method in (client.get, client.delete):
            answer = method(f"/v1/videos/{video_id}")
            assert answer.status_code == 404
            assert answer.json()["error"]["code"] == "not_found"
        assert client.get(f"/v1/videos/{video_id}/content").status_code == 404
        assert client.get(f"/v1/videos/{video_id}/events").status_code == 404


@pytest.mark.parametrize("query", ["limit=0", "limit=101", "limit=x", "order=up", "after=video_1"])
def test_a_wrong_list_query_is_refused(client: Client, query: str) -> None:
    assert client.get(f"/v1/videos?{query}").status_code in {400, 404}


def test_content_is_not_there_before_the_video_is(client: Client) -> None:
    video = ask(client)
    waiting = client.get(f"/v1/videos/{video['id']}/content")
    assert waiting.status_code == 409
    render_next()
    whole = client.get(f"/v1/videos/{video['id']}/content")
    assert b"ftyp" in b"".join(whole.streaming_content)  # type: ignore[attr-defined]
    wrong = client.get(f"/v1/videos/{video['id']}/content?variant=gif")
    assert (wrong.status_code, wrong.json()["error"]["param"]) == (400, "variant")


def test_events_stream_the_progress_and_end(client: Client) -> None:
    video = ask(client)
    render_next()
    answer = client.get(f"/v1/videos/{video['id']}/events", headers={"Accept": "text/event-stream"})
    assert answer.headers["Content-Type"] == "text/event-stream"
    text = b"".join(answer.streaming_content).decode()  # type: ignore[attr-defined]
    assert '"status": "completed"' in text
    assert text.endswith("event: end\ndata: {}\n\n")


def test_a_viewer_may_look_but_not_create() -> None:
    viewer = program_of(make_user(role=Role.VIEWER))
    answer = _post(viewer, {"prompt": PROMPT})
    assert (answer.status_code, answer.json()["error"]["code"]) == (403, "permission_denied")
    assert viewer.get("/v1/videos").json()["data"] == []
    assert viewer.get("/v1/models").status_code == 200


def test_without_a_key_nothing_is_told() -> None:
    for path in ("/v1/videos", "/v1/models", "/v1/videos/video_0"):
        answer = Client().get(path)
        assert answer.status_code == 401
        assert answer.headers["WWW-Authenticate"]
        assert answer.json()["error"]["type"] == "authentication_error"


def test_a_stream_too_many_tells_once_and_lets_the_browser_ask_again(client: Client) -> None:
    video = ask(client)
    held = [OPEN_STREAMS.acquire(blocking=False) for _ in range(12)]
    try:
        assert all(held)
        answer = client.get(f"/v1/videos/{video['id']}/events")
        text = b"".join(answer.streaming_content).decode()  # type: ignore[attr-defined]
    finally:
        for _ in held:
            OPEN_STREAMS.release()
    assert text.startswith("retry: 1000")
    assert text.count("event: progress") == 1
    assert "event: end" not in text


def test_what_the_model_understood_and_what_it_ignored_is_told_at_once(client: Client) -> None:
    video = ask(client, prompt="a tiny squirrel juggling at night")

    assert video["understood"] == "small rabbit · night"
    assert video["taken_for"] == {"squirrel": "rabbit"}
    assert "juggling" in video["ignored_words"]
    assert client.get(f"/v1/videos/{video['id']}").json() == video


def test_drawn_boxes_are_kept_with_the_video_and_made(client: Client) -> None:
    keys = [[0, 0.1, 0.1, 0.4, 0.27], [1, 0.5, 0.6, 0.8, 0.77]]
    motion = {"tracks": [{"label": "frog", "firmness": "hard", "keyframes": keys}]}
    video = ask(client, prompt="a frog in a meadow", motion=motion, seconds="2", size="360x640")
    assert video["motion"] == motion

    render_next()

    made = client.get(f"/v1/videos/{video['id']}").json()
    assert (made["status"], made["error"]) == ("completed", None)
