"""A feed page of 10 clips beside Django's floor, at 1,000 and at 100,000 clips."""

import json
import os
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from contextlib import ExitStack
from io import BytesIO
from pathlib import Path
from typing import Any

from bench import ROOT
from bench.rows import Reading, Row

SIZES = (1_000, 100_000)
ROUNDS = 60
FLOOR = "floor"
PAGES = {
    "latest, visitor": ("latest", False),
    "latest": ("latest", True),
    "following": ("following", True),
    "for you": ("for_you", True),
}

READING = Reading(
    title="Feed",
    how=(
        "The floor is a view that answers constant JSON through the same middleware. Floor and "
        f"pages are called in one process, as a server would call them, in turns for {ROUNDS} "
        "rounds, and the medians are compared; Postgres and Valkey are the embedded ones, with "
        "data of their own. The person has an API key, follows 50 of 1,000 authors, has liked 100 "
        "clips and seen 200; the visitor is nobody."
    ),
    means=(
        "What finding and writing out 10 clips costs beside what Django costs anyway, and how "
        "little of that grows with a hundred times the clips."
    ),
    means_not=(
        "No network, no web server and no other visitors: it says nothing of requests per second. "
        "The database has just been vacuumed and fits in memory. The floor never looks for a "
        "person; a page for a person does, by their key."
    ),
)

PEOPLE = """
INSERT INTO accounts_user (id, handle, email, display_name, bio, picture_digest, role, password,
                           is_active, is_staff, is_superuser)
SELECT uuidv7(), 'bench' || n, 'bench' || n || '@example.org', 'Person ' || n, '', '', 'creator',
       '', true, false, false
FROM generate_series(1, 1000) AS n
"""
CLIPS = """
WITH author AS (SELECT id, row_number() OVER (ORDER BY id) AS n FROM accounts_user), made AS (
    INSERT INTO clips_video (id, owner_id, prompt, engine, seed, digest, width, height,
                             frame_count, duration_seconds, provenance, digital_source_type)
    SELECT uuidv7(), author.id, 'a red fox in the snow ' || i, 'bench', i,
           encode(sha256(i::text::bytea), 'hex'), 720, 1280, 16, 2, 'generated',
           'trainedAlgorithmicMedia'
    FROM generate_series(%(first)s, %(last)s) AS i
    JOIN author ON author.n = 1 + (i * 7919) %% 1000
    RETURNING id, owner_id, digest, seed
)
INSERT INTO clips_clip (id, video_id, author_id, caption, hashtags, privacy, state, reason, digest,
                        allowed_digest, attempts, published_at, like_count, comment_count,
                        view_count, completion_count)
SELECT uuidv7(), id, owner_id, 'Clip ' || seed, ARRAY['tag' || seed %% 50, 'tag' || seed %% 7],
       CASE WHEN seed %% 10 = 0 THEN 'followers' ELSE 'public' END, 'published', '', digest,
       digest, 0, now() - seed * interval '1 minute', seed %% 97, 0, 100, seed %% 89
FROM made
"""
HABITS = (
    """
    INSERT INTO social_follow (follower_id, followee_id)
    SELECT %(viewer)s, id FROM accounts_user WHERE id <> %(viewer)s ORDER BY handle LIMIT 50
    """,
    """
    INSERT INTO social_like (user_id, clip_id)
    SELECT %(viewer)s, id FROM clips_clip WHERE privacy = 'public' ORDER BY digest LIMIT 100
    ON CONFLICT DO NOTHING
    """,
    """
    INSERT INTO social_view (id, clip_id, viewer_id, watched_seconds, completed)
    SELECT uuidv7(), id, %(viewer)s, 2, true FROM clips_clip ORDER BY published_at DESC LIMIT 200
    """,
)


def measure() -> list[Row]:
    """Every kind of page at every size, against the floor of the same run."""
    command = [sys.executable, "-m", "bench.feed"]
    done = subprocess.run(  # noqa: S603 - this module
        command, stdout=subprocess.PIPE, check=True, text=True, cwd=ROOT
    )
    found: dict[str, dict[str, float]] = json.loads(done.stdout.splitlines()[-1])
    return [
        Row(f"feed page of 10, {int(size):,} clips, {name}", took, medians[FLOOR], "ms")
        for size, medians in found.items()
        for name, took in medians.items()
        if name != FLOOR
    ]


def _work() -> None:
    """In a process of its own, because Django reads its settings once."""
    with tempfile.TemporaryDirectory() as folder, ExitStack() as servers:
        _start(Path(folder), servers)
        token = _population()
        found, present = {}, 0
        for size in SIZES:
            _grow(present, size)
            present = size
            found[size] = _timed(token)
        _close()
    print(json.dumps(found))


def _start(folder: Path, servers: ExitStack) -> None:
    for name in ("DATABASE_URL", "VALKEY_URL"):
        os.environ.pop(name, None)
    os.environ |= {
        "DJANGO_SETTINGS_MODULE": "config.settings",
        "REVERIE_DATA": str(folder),
        "REVERIE_VISITOR_RATE": "100000000/min",
        "REVERIE_PERSON_RATE": "100000000/min",
        "LOG_LEVEL": "WARNING",
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


def _population() -> str:
    """A thousand authors and the viewer; the viewer's API key."""
    from django.db import connection  # noqa: PLC0415
    from django.utils import timezone  # noqa: PLC0415

    from accounts.models import Role  # noqa: PLC0415
    from accounts.services import create_api_key, open_account  # noqa: PLC0415

    with connection.cursor() as cursor:
        cursor.execute(PEOPLE)
    viewer = open_account(
        "viewer_of_it", email="viewer@example.org", password=os.urandom(9).hex(), role=Role.CREATOR
    )
    return create_api_key(viewer, name="bench", now=timezone.now())[1]


def _grow(present: int, size: int) -> None:
    """More clips, and the viewer's follows, likes and views anew."""
    from django.db import connection  # noqa: PLC0415

    from accounts.models import User  # noqa: PLC0415

    viewer = User.objects.get(handle="viewer_of_it").pk
    with connection.cursor() as cursor:
        cursor.execute(CLIPS, {"first": present + 1, "last": size})
        cursor.execute("TRUNCATE social_follow, social_like, social_view")
        for habit in HABITS:
            cursor.execute(habit, {"viewer": viewer})
        cursor.execute("VACUUM ANALYZE")


def _timed(token: str) -> dict[str, float]:
    """The median milliseconds of a call, by what was called."""
    calls = {FLOOR: _caller("/bench-floor", "", "")} | {
        name: _caller("/api/v1/feed", f"mode={mode}", token if is_known else "")
        for name, (mode, is_known) in PAGES.items()
    }
    for call in calls.values():
        call()
    taken: dict[str, list[float]] = {name: [] for name in calls}
    for _ in range(ROUNDS):
        for name, call in calls.items():
            began = time.perf_counter()
            call()
            taken[name].append((time.perf_counter() - began) * 1000)
    return {name: statistics.median(times) for name, times in taken.items()}


def _caller(path: str, query: str, token: str) -> Callable[[], None]:
    """A call of the WSGI application, checked for its answer."""
    app = _application()
    environ: dict[str, Any] = {
        "REQUEST_METHOD": "GET",
        "PATH_INFO": path,
        "QUERY_STRING": query,
        "SERVER_NAME": "127.0.0.1",
        "SERVER_PORT": "8000",
        "REMOTE_ADDR": "127.0.0.1",
        "SERVER_PROTOCOL": "HTTP/1.1",
        "wsgi.url_scheme": "http",
        "wsgi.errors": sys.stderr,
    }
    if token:
        environ["HTTP_AUTHORIZATION"] = f"Bearer {token}"
    expected = 1 if path == "/bench-floor" else 10

    def call() -> None:
        answer = app(environ | {"wsgi.input": BytesIO()}, lambda *_: None)
        body = b"".join(answer)
        answer.close()
        assert body.count(b'"caption"') == expected, body[:500]  # noqa: S101

    return call


def _application() -> Any:
    from django.core.handlers.wsgi import WSGIHandler  # noqa: PLC0415
    from django.http import HttpRequest, JsonResponse  # noqa: PLC0415
    from django.urls import path  # noqa: PLC0415

    from config import urls  # noqa: PLC0415

    def floor(_request: HttpRequest) -> JsonResponse:
        return JsonResponse({"caption": "always the same"})

    if not any(getattr(one, "name", None) == "bench-floor" for one in urls.urlpatterns):
        urls.urlpatterns.insert(0, path("bench-floor", floor, name="bench-floor"))
    return WSGIHandler()


def _close() -> None:
    from django.db import connections  # noqa: PLC0415

    connections.close_all()


if __name__ == "__main__":
    _work()
