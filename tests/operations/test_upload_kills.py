"""Kill the process that reads an upload: there is one clip in the end, and nothing left over."""

import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import psycopg
import pytest

from tests.operations.demo import DemoReverie, demo_reverie
from tests.uploads.films import film

pytestmark = [pytest.mark.slow, pytest.mark.timeout(600)]

LEASE_SECONDS = 5.0


@pytest.fixture(scope="module")
def house(tmp_path_factory: pytest.TempPathFactory) -> Iterator[DemoReverie]:
    lease = str(LEASE_SECONDS)
    with demo_reverie(
        tmp_path_factory.mktemp("uploads"),
        REVERIE_UPLOAD_LEASE_SECONDS=lease,
        REVERIE_SCREENING_LEASE_SECONDS=lease,
    ) as house:
        yield house


@pytest.fixture(scope="module")
def long_film(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Long enough to be met in the middle."""
    return film(tmp_path_factory.mktemp("films") / "a.mp4", size=(360, 640), seconds=20)


def _rows(house: DemoReverie, query: str, *values: object) -> list[Any]:
    with psycopg.connect(house.reverie.here.database_url) as connection:
        return connection.execute(query, values).fetchall()


def _send(house: DemoReverie, path: Path) -> str:
    with house.http() as client, path.open("rb") as file:
        answer = client.post("/api/v1/uploads", data={"ai": "no"}, files={"file": file})
    assert answer.status_code == 202, answer.text
    return str(answer.json()["id"])


def _upload(house: DemoReverie, upload_id: str) -> tuple[str, int]:
    """(state, attempts)."""
    query = "SELECT state, attempts FROM uploads_upload WHERE id = %s"
    found: tuple[str, int] = _rows(house, query, upload_id)[0]
    return found


def _has_ended(house: DemoReverie, upload_id: str) -> Callable[[], bool]:
    def ended() -> bool:
        try:
            clips = _rows(house, "SELECT state FROM clips_clip WHERE video_id = %s", upload_id)
        except psycopg.OperationalError:
            return False
        return bool(clips) and clips[0][0] in {"published", "held"}

    return ended


def _assert_ended_once(house: DemoReverie, upload_id: str) -> None:
    assert _upload(house, upload_id)[0] == "completed"
    for table, column in {"clips_video": "id", "clips_clip": "video_id"}.items():
        counted = _rows(house, f"SELECT count(*) FROM {table} WHERE {column} = %s", upload_id)  # noqa: S608
        assert counted == [(1,)], table
    ends = (
        "SELECT count(*) FROM uploads_uploadevent WHERE to_state = 'completed' AND upload_id = %s"
    )
    assert _rows(house, ends, upload_id) == [(1,)]
    kept = [one for one in (house.reverie.here.data / "originals").rglob("*") if one.is_file()]
    assert kept == []


@pytest.mark.parametrize("moment", ["at once", "in the middle", "late"])
def test_the_upload_worker_is_killed(house: DemoReverie, long_film: Path, moment: str) -> None:
    upload_id = _send(house, long_film)
    house.reverie.wait_for(lambda: _upload(house, upload_id)[0] == "processing", seconds=60)
    time.sleep({"at once": 0, "in the middle": 3, "late": 6}[moment])
    house.reverie.kill("upload worker")
    house.reverie.wait_for(_has_ended(house, upload_id), seconds=2 * LEASE_SECONDS + 150)
    _assert_ended_once(house, upload_id)


def test_postgres_is_killed_while_an_upload_is_read(house: DemoReverie, long_film: Path) -> None:
    upload_id = _send(house, long_film)
    house.reverie.wait_for(lambda: _upload(house, upload_id)[0] == "processing", seconds=60)
    house.reverie.kill("postgres")
    house.reverie.wait_for(_has_ended(house, upload_id), seconds=2 * LEASE_SECONDS + 150)
    _assert_ended_once(house, upload_id)


def test_valkey_is_killed_before_anybody_hears_of_it(house: DemoReverie, long_film: Path) -> None:
    upload_id = _send(house, long_film)
    house.reverie.kill("valkey")
    house.reverie.wait_for(_has_ended(house, upload_id), seconds=2 * LEASE_SECONDS + 150)
    _assert_ended_once(house, upload_id)
