"""Kill any process at any moment: every job ends once, nothing is shown twice or unjudged."""

import time
from collections.abc import Callable, Iterator
from typing import Any

import psycopg
import pytest
from openai.types import Video

from tests.operations.demo import DemoReverie, demo_reverie

pytestmark = [pytest.mark.slow, pytest.mark.timeout(600)]

LEASE_SECONDS = 10.0
SLOW_STEPS = 120
PROMPT = "a green frog moving to the left in the snow"


@pytest.fixture(scope="module")
def house(tmp_path_factory: pytest.TempPathFactory) -> Iterator[DemoReverie]:
    lease = str(LEASE_SECONDS)
    with demo_reverie(
        tmp_path_factory.mktemp("kills"),
        REVERIE_JOB_LEASE_SECONDS=lease,
        REVERIE_SCREENING_LEASE_SECONDS=lease,
        REVERIE_FRAME_DETECTORS=(
            "moderation.classifiers.nudity.nudity_detector,"
            "tests.operations.slow_detector.slow_detector"
        ),
    ) as house:
        yield house


def _order(house: DemoReverie) -> Video:
    return house.sdk().videos.create(
        prompt=PROMPT,
        extra_body={
            "size": "360x640",
            "num_inference_steps": SLOW_STEPS,
            "post": {"caption": "survivor"},
        },
    )


def _rows(house: DemoReverie, query: str, *values: object) -> list[Any]:
    with psycopg.connect(house.reverie.here.database_url) as connection:
        return connection.execute(query, values).fetchall()


def _job(house: DemoReverie, video: Video) -> tuple[str, int, int]:
    """(state, progress, attempts) of the job."""
    query = "SELECT state, progress, attempts FROM generation_job WHERE id = %s"
    found: tuple[str, int, int] = _rows(house, query, video.id.removeprefix("video_"))[0]
    return found


def _clip_state(house: DemoReverie, video: Video) -> str | None:
    query = "SELECT state FROM clips_clip WHERE video_id = %s"
    rows = _rows(house, query, video.id.removeprefix("video_"))
    return rows[0][0] if rows else None


def _is_denoising(house: DemoReverie, video: Video) -> bool:
    state, progress, _ = _job(house, video)
    return state == "in_progress" and 0 < progress < 80


def _is_published(house: DemoReverie, video: Video) -> Callable[[], bool]:
    def published() -> bool:
        try:
            return _clip_state(house, video) == "published"
        except psycopg.OperationalError:
            return False

    return published


def _assert_ended_once(house: DemoReverie, video: Video) -> None:
    key = video.id.removeprefix("video_")
    ends = _rows(
        house,
        "SELECT count(*) FROM generation_jobevent WHERE job_id = %s AND to_state = 'completed'",
        key,
    )
    shown = _rows(
        house,
        "SELECT count(*) FROM clips_clipevent e JOIN clips_clip c ON c.id = e.clip_id"
        " WHERE c.video_id = %s AND e.to_state = 'published'",
        key,
    )
    judged = _rows(
        house,
        "SELECT count(*) FROM moderation_decision d JOIN clips_clip c ON c.id = d.subject_id"
        " WHERE c.video_id = %s AND d.verdict = 'allow' AND d.digest = c.allowed_digest",
        key,
    )
    assert (ends, shown, judged) == ([(1,)], [(1,)], [(1,)])
    assert _rows(house, "SELECT count(*) FROM clips_video WHERE id = %s", key) == [(1,)]


def test_a_render_worker_killed_in_the_middle_of_denoising(house: DemoReverie) -> None:
    video = _order(house)
    house.reverie.wait_for(lambda: _is_denoising(house, video), seconds=60)
    house.reverie.kill("render worker")
    killed_at = time.monotonic()
    house.reverie.wait_for(lambda: _job(house, video)[2] >= 2, seconds=2 * LEASE_SECONDS)
    assert time.monotonic() - killed_at <= 2 * LEASE_SECONDS
    house.reverie.wait_for(_is_published(house, video), seconds=120)
    _assert_ended_once(house, video)


def test_a_cpu_worker_killed_in_the_middle_of_screening(house: DemoReverie) -> None:
    video = _order(house)
    house.reverie.wait_for(lambda: _clip_state(house, video) == "screening", seconds=120)
    house.reverie.kill("CPU worker")
    house.reverie.wait_for(_is_published(house, video), seconds=2 * LEASE_SECONDS + 60)
    _assert_ended_once(house, video)


def test_postgres_killed_during_a_job(house: DemoReverie) -> None:
    video = _order(house)
    house.reverie.wait_for(lambda: _is_denoising(house, video), seconds=60)
    house.reverie.kill("postgres")
    house.reverie.wait_for(_is_published(house, video), seconds=2 * LEASE_SECONDS + 120)
    _assert_ended_once(house, video)


def test_valkey_killed_during_a_job(house: DemoReverie) -> None:
    video = _order(house)
    house.reverie.wait_for(lambda: _is_denoising(house, video), seconds=60)
    house.reverie.kill("valkey")
    house.reverie.wait_for(_is_published(house, video), seconds=2 * LEASE_SECONDS + 120)
    _assert_ended_once(house, video)


def test_valkey_killed_while_a_job_waits_loses_no_job(house: DemoReverie) -> None:
    first, second = _order(house), _order(house)
    house.reverie.kill("valkey")
    for video in (first, second):
        house.reverie.wait_for(_is_published(house, video), seconds=180)
        _assert_ended_once(house, video)
