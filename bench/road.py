"""The road from a prompt to a published clip, and the way to stop it, beside the bare pipeline."""

import os
import statistics
import tempfile
import time
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, LiteralString

import httpx2
import psycopg

from bench.rows import Reading, Row
from bench.sides import Side, side
from common.embedded.process import until
from config.supervision.roster import STEADY_MEMORY
from tests.operations.demo import demo_reverie

PROMPT = "a red car moving to the right at night"
ROAD_ROUNDS, CANCEL_ROUNDS = 7, 9
LONG_STEPS = 400
PATIENCE_SECONDS = 120.0
LOOK_SECONDS = 0.01
REST_SECONDS = 1.0
"""Until the render worker has noticed that its last job is gone too."""

READING = Reading(
    title="The road",
    how=(
        "A whole `manage.py up` in a fresh data folder, its engine warmed by the three demo "
        "clips; beside it one warm process that calls the same diffusers pipeline with the same "
        "weights, steps, guidance and memory settings, scales the frames and writes them, without "
        "marks, checks or database. They take turns, one idle while the other works, for "
        f"{ROAD_ROUNDS} rounds; the medians are compared. *POST → published* runs from before "
        "`POST /v1/videos` until the clip's row reads published (looked at every 10 ms); the "
        "stages are the moments in the job's and the clip's rows. *DELETE → next job begins* "
        f"({CANCEL_ROUNDS} rounds): a job is denoising and another waits; it runs from before the "
        "DELETE, sent at moments spread evenly over a step, until the waiting job's `started_at`. "
        "One step is the median step of the bare process just before."
    ),
    means=(
        "What queue, marks, storage, judging and publication add to a clip, and how long a "
        "machine still works for somebody who has said stop."
    ),
    means_not=(
        "The shipped model is small, so the fixed costs weigh as much as they ever will: with a "
        "model that takes minutes the first ratio goes to 1 and the cancellation to half a step. "
        "One clip at a time on an idle installation: nothing is said of many people at once. "
        "Anything else that runs on the machine is felt most by the side with more processes, "
        "which is ours."
    ),
)


@dataclass(frozen=True)
class Journey:
    """Seconds of one clip's way: all of it, and its stages."""

    whole: float
    until_begun: float
    until_made: float
    until_published: float


@dataclass(frozen=True)
class Stop:
    """Seconds from a DELETE to its answer, and to the beginning of the next job."""

    answered: float
    next_begun: float


def measure() -> list[Row]:
    """The road against the bare pipeline, and a cancellation against one step."""
    with (
        tempfile.TemporaryDirectory() as folder,
        demo_reverie(Path(folder)) as house,
        side("bench.bare", PROMPT, environ={**STEADY_MEMORY, **os.environ}) as bare,
        psycopg.connect(house.reverie.here.database_url, autocommit=True) as database,
        house.http() as client,
    ):
        road = Road(client, database)
        return [*_road_rows(road, bare), *_cancel_rows(road, bare)]


def _road_rows(road: "Road", bare: Side) -> list[Row]:
    road.journey(), bare.ask("encode"), bare.ask("export")
    journeys, encodes, exports = [], [], []
    for _ in range(ROAD_ROUNDS):
        journeys.append(road.journey())
        encodes.append(bare.ask("encode"))
        exports.append(bare.ask("export"))
    encode, export = statistics.median(encodes), statistics.median(exports)

    def ours(stage: Callable[[Journey], float]) -> float:
        return statistics.median(map(stage, journeys))

    whole = ours(lambda journey: journey.whole)
    return [
        Row("POST → published ÷ pipeline + our encode", whole, encode, "s"),
        Row("POST → published ÷ pipeline + `export_to_video`", whole, export, "s"),
        Row("of it, POST → begun", ours(lambda journey: journey.until_begun), encode, "s"),
        Row("of it, begun → made, marked, stored", ours(lambda j: j.until_made), encode, "s"),
        Row("of it, stored → judged, published", ours(lambda j: j.until_published), encode, "s"),
    ]


def _cancel_rows(road: "Road", bare: Side) -> list[Row]:
    steps, stops = [], []
    for index in range(CANCEL_ROUNDS):
        seconds = bare.ask("step")
        stops.append(road.stop(pause_seconds=seconds * index / CANCEL_ROUNDS))
        steps.append(seconds * 1000)
        time.sleep(REST_SECONDS)
    step = statistics.median(steps)
    begun = [stop.next_begun * 1000 for stop in stops]
    answered = statistics.median(stop.answered * 1000 for stop in stops)
    return [
        Row("DELETE → next job begins ÷ one step", statistics.median(begun), step, "ms"),
        Row("the same, worst round", max(begun), step, "ms"),
        Row("of it, DELETE → its answer", answered, step, "ms"),
    ]


class Road:
    """A running installation, asked by one person; its rows are read beside it."""

    def __init__(self, client: httpx2.Client, database: psycopg.Connection[Any]) -> None:
        self._client = client
        self._database = database

    def journey(self) -> Journey:
        """Ask for a clip and wait until it is published."""
        asked_at, began = datetime.now(UTC), time.perf_counter()
        key = self._asked(post={})
        self._wait("SELECT 1 FROM clips_clip WHERE video_id = %s AND state = 'published'", key)
        whole = time.perf_counter() - began
        started_at, completed_at, published_at = self._row(
            "SELECT started_at, completed_at, published_at"
            " FROM generation_job j JOIN clips_clip c ON c.video_id = j.video_id WHERE j.id = %s",
            key,
        )
        return Journey(
            whole=whole,
            until_begun=(started_at - asked_at).total_seconds(),
            until_made=(completed_at - started_at).total_seconds(),
            until_published=(published_at - completed_at).total_seconds(),
        )

    def stop(self, *, pause_seconds: float) -> Stop:
        """Delete a job while another waits, `pause_seconds` after one of its steps has ended."""
        running = self._asked(num_inference_steps=LONG_STEPS)
        waiting = self._asked(num_inference_steps=LONG_STEPS)
        self._wait("SELECT 1 FROM generation_job WHERE id = %s AND progress > 0", running)
        time.sleep(pause_seconds)
        deleted_at = datetime.now(UTC)
        self._deleted(running)
        answered_at = datetime.now(UTC)
        self._wait("SELECT 1 FROM generation_job WHERE id = %s AND started_at IS NOT NULL", waiting)
        (started_at,) = self._row("SELECT started_at FROM generation_job WHERE id = %s", waiting)
        self._deleted(waiting)
        return Stop(
            answered=(answered_at - deleted_at).total_seconds(),
            next_begun=(started_at - deleted_at).total_seconds(),
        )

    def _asked(self, **options: Any) -> str:
        answer = self._client.post("/v1/videos", json={"prompt": PROMPT, **options})
        video_id: str = answer.raise_for_status().json()["id"]
        return video_id.removeprefix("video_")

    def _deleted(self, key: str) -> None:
        self._client.delete(f"/v1/videos/video_{key}").raise_for_status()

    def _wait(self, query: LiteralString, key: str) -> None:
        came = until(
            lambda: self._database.execute(query, [key]).fetchone() is not None,
            seconds=PATIENCE_SECONDS,
            pause_seconds=LOOK_SECONDS,
        )
        assert came, f"{query} of {key} not within {PATIENCE_SECONDS} s"  # noqa: S101

    def _row(self, query: LiteralString, key: str) -> tuple[Any, ...]:
        row: tuple[Any, ...] | None = self._database.execute(query, [key]).fetchone()
        assert row is not None, query  # noqa: S101 - waited for before
        return row
