"""From an event to the page that knows of it, over HTTP, beside a page alone."""

import json
import os
import socket
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import Any
from uuid import uuid4

import httpx2 as httpx

from bench import ROOT
from bench.rows import Reading, Row

CLIPS = 10_000
ROUNDS = 150
WARM_UP = 10
P95 = 94  # of the 99 cuts between hundredths
PAGE = "/api/v1/feed"

MAKE_PEOPLE = """
INSERT INTO accounts_user (id, handle, email, display_name, bio, picture_digest, role, password,
                           is_active, is_staff, is_superuser, is_trusted_flagger)
SELECT uuidv7(), 'bench' || n, 'bench' || n || '@example.org', 'Person ' || n, '', '', 'creator',
       '', true, false, false, false
FROM generate_series(1, 1000) AS n
"""
MAKE_CLIPS = """
WITH author AS (SELECT id, row_number() OVER (ORDER BY id) AS n FROM accounts_user), made AS (
    INSERT INTO clips_video (id, owner_id, origin, prompt, engine, seed, digest, width, height,
                             frame_count, duration_seconds, provenance, digital_source_type)
    SELECT uuidv7(), author.id, 'made', 'a red fox in the snow ' || i, 'bench', i,
           encode(sha256(i::text::bytea), 'hex'), 720, 1280, 16, 2, 'generated',
           'trainedAlgorithmicMedia'
    FROM generate_series(1, %s) AS i JOIN author ON author.n = 1 + (i * 7919) %% 1000
    RETURNING id, owner_id, digest, seed
)
INSERT INTO clips_clip (id, video_id, author_id, caption, hashtags, limits, is_kept_from_minors,
                        privacy, state, reason, digest, allowed_digest, attempts, published_at,
                        like_count, comment_count, view_count, completion_count)
SELECT uuidv7(), id, owner_id, 'Clip ' || seed, ARRAY['tag' || seed %% 50], '{}', false, 'public',
       'published', '', digest, digest, 0, now() - seed * interval '1 minute', seed %% 97, 0, 100,
       seed %% 89
FROM made
"""

READING = Reading(
    title="Events",
    how=(
        "A web server of its own (`manage.py web`) with the embedded Postgres and Valkey and "
        f"{CLIPS:,} clips. One person with an API key asks for the first page of the feed; then "
        "they tell in one request that its first clip was seen and watched, and ask again: from "
        "before the event's request to the end of the page's answer. Both take turns for "
        f"{ROUNDS} rounds; in every round the second page is checked not to show what was watched."
    ),
    means=(
        "How soon the feed knows what somebody did: the very next page, and what the wait for it "
        "costs beside a page alone."
    ),
    means_not=(
        "One person on an idle server, over loopback. The pages are ranked by one process that has "
        "its catalogue in memory."
    ),
)


def measure() -> list[Row]:
    """The median and the 95th of a hundred, beside a page alone."""
    command = [sys.executable, "-m", "bench.events"]
    done = subprocess.run(  # noqa: S603 - this module
        command, stdout=subprocess.PIPE, check=True, text=True, cwd=ROOT
    )
    found: dict[str, list[float]] = json.loads(done.stdout.splitlines()[-1])
    both, page, event = (found[name] for name in ("both", "page", "event"))
    return [
        Row("event + next page ÷ page", statistics.median(both), statistics.median(page), "ms"),
        Row("the same, 95th percentile", _p95(both), _p95(page), "ms"),
        Row("event + next page, 95th percentile ÷ 1 second", _p95(both), 1000.0, "ms"),
        Row("of it, the event", statistics.median(event), statistics.median(page), "ms"),
    ]


def _p95(times: list[float]) -> float:
    return statistics.quantiles(times, n=100)[P95]


def _work() -> None:
    """In a process of its own, because Django reads its settings once."""
    with tempfile.TemporaryDirectory() as folder, ExitStack() as servers:
        port = _free_port()
        token = _prepare(Path(folder), servers, port=port)
        address = servers.enter_context(_web_server(port))
        with httpx.Client(
            base_url=address, headers={"Authorization": f"Bearer {token}"}, timeout=30
        ) as client:
            found = _timed(client)
    print(json.dumps(found))


def _timed(client: Any) -> dict[str, list[float]]:
    """Milliseconds of every round: page alone, event, and event with the next page."""
    found: dict[str, list[float]] = {"page": [], "event": [], "both": []}
    for number in range(WARM_UP + ROUNDS):
        began = time.perf_counter()
        shown = _ids(client.get(PAGE))
        alone = time.perf_counter()
        _tell(client, shown[0])
        told = time.perf_counter()
        after = _ids(client.get(PAGE))
        known = time.perf_counter()
        if shown[0] in after:
            raise RuntimeError("The page after an event does not know of it.")
        if number >= WARM_UP:
            found["page"].append((alone - began) * 1000)
            found["event"].append((told - alone) * 1000)
            found["both"].append((known - alone) * 1000)
    return found


def _ids(answer: Any) -> list[str]:
    answer.raise_for_status()
    return [clip["id"] for clip in answer.json()["data"]]


def _tell(client: Any, clip: str) -> None:
    events = [
        {"id": str(uuid4()), "clip_id": clip, "action": "impression"},
        {"id": str(uuid4()), "clip_id": clip, "action": "watch", "watched_seconds": 2.0},
    ]
    answer = client.post("/api/v1/events", json={"events": events})
    answer.raise_for_status()
    if answer.json()["taken"] != len(events):
        raise RuntimeError(answer.text)


def _prepare(folder: Path, servers: ExitStack, *, port: int) -> str:
    """Servers, clips and a catalogue of them; the API key of who looks at them."""
    _start(folder, servers, port=port)
    from django.db import connection  # noqa: PLC0415
    from django.utils import timezone  # noqa: PLC0415

    from accounts.models import Role  # noqa: PLC0415
    from accounts.services import create_api_key, open_account  # noqa: PLC0415
    from feed.distribution.cataloguing import write_catalogue  # noqa: PLC0415

    with connection.cursor() as cursor:
        cursor.execute(MAKE_PEOPLE)
        cursor.execute(MAKE_CLIPS, [CLIPS])
        cursor.execute("VACUUM ANALYZE")
    now = timezone.now()
    write_catalogue(now=now)
    viewer = open_account(
        "looks_on", email="looks@example.org", password=os.urandom(9).hex(), role=Role.CREATOR
    )
    return create_api_key(viewer, name="bench", now=now)[1]


def _start(folder: Path, servers: ExitStack, *, port: int) -> None:
    for name in ("DATABASE_URL", "VALKEY_URL"):
        os.environ.pop(name, None)
    os.environ |= {
        "DJANGO_SETTINGS_MODULE": "config.settings",
        "REVERIE_DATA": str(folder),
        "REVERIE_PERSON_RATE": "100000000/min",
        "REVERIE_EVENT_RATE": "100000000/min",
        "LOG_LEVEL": "ERROR",
        "HOST": "127.0.0.1",
        "PORT": str(port),
    }
    from common.embedded.locations import locations  # noqa: PLC0415 - reads the environment
    from common.embedded.postgres import Postgres  # noqa: PLC0415
    from common.embedded.server import running  # noqa: PLC0415
    from common.embedded.valkey import Valkey  # noqa: PLC0415

    here = locations()
    servers.enter_context(running(Postgres(here), log=folder / "postgres.log"))
    servers.enter_context(running(Valkey(here), log=folder / "valkey.log"))

    import django  # noqa: PLC0415
    from django.core.management import call_command  # noqa: PLC0415

    django.setup()
    call_command("migrate", verbosity=0)
    (folder / "static").mkdir()


@contextmanager
def _web_server(port: int) -> Iterator[str]:
    """A server that answers, and its address."""
    with subprocess.Popen(
        [sys.executable, "manage.py", "web"], cwd=ROOT, stdout=subprocess.DEVNULL
    ) as server:
        address = f"http://127.0.0.1:{port}"
        try:
            _wait_for(port)
            yield address
        finally:
            server.terminate()


def _wait_for(port: int, *, seconds: float = 60.0) -> None:
    until = time.monotonic() + seconds
    while time.monotonic() < until:
        with socket.socket() as probe:
            if probe.connect_ex(("127.0.0.1", port)) == 0:
                return
        time.sleep(0.1)
    raise TimeoutError("The web server does not answer.")


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


if __name__ == "__main__":
    _work()
