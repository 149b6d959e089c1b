"""What a page of search costs beside the plain list of the latest clips, at 100,000 clips."""

import json
import os
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from contextlib import ExitStack
from pathlib import Path

from bench import ROOT
from bench.rows import Reading, Row

SIZES = (10_000, 100_000)
ROUNDS = 20
REFERENCE = "latest, visitor, by SQL"
PAGES = {
    "clips, a rare word": ("/api/v1/search", {"q": "walrus417"}),
    "clips, a word in a fifth of them": ("/api/v1/search", {"q": "dawn"}),
    "clips, a word in all of them": ("/api/v1/search", {"q": "fox"}),
    "clips, six words": ("/api/v1/search", {"q": "a red fox under city lights"}),
    "people, a typing mistake": ("/api/v1/search", {"q": "bnch417", "kind": "people"}),
    "hashtags": ("/api/v1/search", {"q": "tag1", "kind": "tags"}),
    "a hashtag's newest": ("/api/v1/tags/tag17/clips", {}),
    "a hashtag's most liked": ("/api/v1/tags/tag17/clips", {"order": "top"}),
}

READING = Reading(
    title="Search",
    how=(
        "Each page is asked for through Django's whole stack, in one process, in turns with the "
        f"list of the newest clips read by SQL, for {ROUNDS} rounds; medians are compared. Every "
        "clip has words, hashtags and an embedding in the HNSW index (directions by chance, which "
        "is the hardest case for it); the query's embedding is computed at every call. "
        "Postgres and Valkey are the embedded ones."
    ),
    means="What finding by words and by meaning costs, and how little it grows with the clips.",
    means_not=(
        "Nothing of how good the results are: words of a generator are nobody's questions. "
        "The database fits in memory."
    ),
)

PEOPLE = """
INSERT INTO accounts_user (id, handle, email, display_name, bio, picture_digest, role, password,
                           is_active, is_staff, is_superuser, is_trusted_flagger)
SELECT uuidv7(), 'bench' || n, 'bench' || n || '@example.org', 'Person ' || n, '', '', 'creator',
       '', true, false, false, false
FROM generate_series(1, 10000) AS n
"""
CLIPS = """
WITH author AS (SELECT id, row_number() OVER (ORDER BY id) AS n FROM accounts_user), made AS (
    INSERT INTO clips_video (id, owner_id, prompt, engine, seed, digest, width, height,
                             frame_count, duration_seconds, provenance, origin,
                             digital_source_type)
    SELECT uuidv7(), author.id,
           'a red fox ' || (ARRAY['at dawn', 'in snow', 'by the sea', 'under city lights',
                                  'on the moon'])[1 + i %% 5] || ' walrus' || i %% 2000,
           'bench', i, encode(sha256(i::text::bytea), 'hex'), 720, 1280, 16, 2, 'generated',
           'made', 'trainedAlgorithmicMedia'
    FROM generate_series(%(first)s, %(last)s) AS i
    JOIN author ON author.n = 1 + (i * 7919) %% 10000
    RETURNING id, owner_id, digest, seed
)
INSERT INTO clips_clip (id, video_id, author_id, caption, hashtags, privacy, state, limits, reason,
                        is_kept_from_minors, digest, allowed_digest, attempts, published_at,
                        like_count, comment_count, view_count, completion_count)
SELECT uuidv7(), id, owner_id, 'Clip ' || seed, ARRAY['tag' || seed %% 50, 'tag' || seed %% 7],
       'public', 'published', '{}', '', false, digest, digest, 0,
       now() - seed * interval '1 minute', seed %% 97, 0, 100, seed %% 89
FROM made
"""
KEPT_BY_TRIGGERS = (
    "INSERT INTO feed_entry (clip_id) SELECT id FROM clips_clip ON CONFLICT DO NOTHING",
    """
    INSERT INTO feed_clipwords (clip_id, words)
    SELECT clip.id, setweight(feed_words(clip.caption || ' ' || array_to_string(hashtags, ' ')),
                              'A') || setweight(feed_words(video.prompt), 'B')
    FROM clips_clip AS clip JOIN clips_video AS video ON video.id = clip.video_id
    WHERE NOT EXISTS (SELECT 1 FROM feed_clipwords WHERE clip_id = clip.id)
    """,
    """
    INSERT INTO feed_taguse (tag, clip_id, published_at)
    SELECT DISTINCT tag, id, published_at FROM clips_clip, unnest(hashtags) AS tag
    ON CONFLICT DO NOTHING
    """,
    "INSERT INTO feed_tagchange (tag) SELECT DISTINCT tag FROM feed_taguse",
)
INDEX = "CREATE INDEX entry_by_meaning ON feed_entry USING hnsw (embedding halfvec_cosine_ops)"


def measure() -> list[Row]:
    """Every kind of page at every size, against the list of the newest in the same run."""
    done = subprocess.run(
        [sys.executable, "-m", "bench.search"],
        stdout=subprocess.PIPE,
        check=True,
        text=True,
        cwd=ROOT,
    )
    found: dict[str, dict[str, float]] = json.loads(done.stdout.splitlines()[-1])
    return [
        Row(f"{int(size):,} clips, {name}", took, medians[REFERENCE], "ms")
        for size, medians in found.items()
        for name, took in medians.items()
        if name != REFERENCE
    ]


def _work() -> None:
    """In a process of its own, because Django reads its settings once."""
    with tempfile.TemporaryDirectory() as folder, ExitStack() as servers:
        _start(Path(folder), servers)
        found, present = {}, 0
        for size in SIZES:
            _grow(present, size)
            present = size
            found[size] = _timed()
        if "--explain" in sys.argv:
            _explain()
        _close()
    print(json.dumps(found))


def _start(folder: Path, servers: ExitStack) -> None:
    for name in ("DATABASE_URL", "VALKEY_URL"):
        os.environ.pop(name, None)
    os.environ |= {
        "DJANGO_SETTINGS_MODULE": "config.settings",
        "REVERIE_DATA": str(folder),
        "REVERIE_VISITOR_RATE": "100000000/min",
        "LOG_LEVEL": "WARNING",
    }
    sys.path.insert(0, str(ROOT / "platform"))
    from common.embedded.locations import locations  # noqa: PLC0415 - reads the environment
    from common.embedded.postgres import Postgres  # noqa: PLC0415
    from common.embedded.server import running  # noqa: PLC0415
    from common.embedded.valkey import Valkey  # noqa: PLC0415

    here = locations()
    servers.enter_context(running(Postgres(here), log=folder / "postgres.log"))
    servers.enter_context(running(Valkey(here), log=folder / "valkey.log"))

    import django  # noqa: PLC0415
    from django.core.management import call_command  # noqa: PLC0415
    from django.db import connection  # noqa: PLC0415

    django.setup()

    from feed.limits import SearchLimit  # noqa: PLC0415

    SearchLimit.rate = "100000000/min"
    call_command("migrate", verbosity=0)
    (folder / "static").mkdir()
    with connection.cursor() as cursor:
        cursor.execute(PEOPLE)


def _grow(present: int, size: int) -> None:
    """More clips, each with an embedding, and the hashtags counted."""
    import numpy as np  # noqa: PLC0415
    from django.db import connection  # noqa: PLC0415
    from django.utils import timezone  # noqa: PLC0415

    from feed.distribution.tags import count_tags  # noqa: PLC0415

    random = np.random.default_rng(present)
    with connection.cursor() as cursor:
        cursor.execute("DROP INDEX IF EXISTS entry_by_meaning")
        # What triggers do clip by clip is done for all of them at once.
        cursor.execute("SET session_replication_role = replica")
        cursor.execute(CLIPS, {"first": present + 1, "last": size})
        for statement in KEPT_BY_TRIGGERS:
            cursor.execute(statement)
        cursor.execute("SET session_replication_role = origin")
        cursor.execute("SELECT clip_id FROM feed_entry WHERE embedding IS NULL")
        ids = [clip_id for (clip_id,) in cursor.fetchall()]
        cursor.execute("CREATE TEMP TABLE meant (clip_id uuid, embedding halfvec(384))")
        directions = random.normal(scale=9, size=(len(ids), 384)).astype(int)
        with cursor.copy("COPY meant FROM STDIN") as copy:
            for clip_id, direction in zip(ids, directions.tolist(), strict=True):
                copy.write_row((clip_id, "[" + ",".join(map(str, direction)) + "]"))
        cursor.execute(
            "UPDATE feed_entry SET embedding = meant.embedding FROM meant "
            "WHERE feed_entry.clip_id = meant.clip_id"
        )
        cursor.execute("DROP TABLE meant")
        cursor.execute("SET maintenance_work_mem = '1GB'")
        cursor.execute(INDEX)
        count_tags(now=timezone.now())
        cursor.execute("VACUUM ANALYZE")


def _timed() -> dict[str, float]:
    """The median milliseconds of a call, by what was called."""
    calls = {REFERENCE: _latest} | {
        name: _caller(path, query) for name, (path, query) in PAGES.items()
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


def _latest() -> None:
    from django.contrib.auth.models import AnonymousUser  # noqa: PLC0415

    from feed.candidates import recommended_clips  # noqa: PLC0415
    from feed.cards import cards_of  # noqa: PLC0415

    nobody = AnonymousUser()
    newest = recommended_clips(nobody).order_by("-published_at", "-id")[:11]
    assert len(cards_of(newest, viewer=nobody)) == 11  # noqa: S101, PLR2004


def _caller(path: str, query: dict[str, str]) -> Callable[[], None]:
    from django.test import Client  # noqa: PLC0415

    client = Client(SERVER_NAME="127.0.0.1")

    def call() -> None:
        answer = client.get(path, query)
        assert answer.status_code == 200, answer.content[:300]  # noqa: S101, PLR2004
        assert answer.json()["data"], path  # noqa: S101

    return call


def _explain() -> None:
    """The plan of every query over ten milliseconds, on standard error."""
    from django.db import connection  # noqa: PLC0415
    from django.test.utils import CaptureQueriesContext  # noqa: PLC0415

    for name, (path, query) in PAGES.items():
        with CaptureQueriesContext(connection) as asked:
            _caller(path, query)()
        print(f"== {name}: {len(asked)} queries", file=sys.stderr)
        for one in asked.captured_queries:
            sql = one["sql"]
            if not sql.startswith("SELECT"):
                continue
            with connection.cursor() as cursor:
                cursor.execute("EXPLAIN (ANALYZE, COSTS OFF, TIMING OFF, BUFFERS OFF) " + sql)
                plan = [line for (line,) in cursor.fetchall()]
            print(one["time"], plan[-1], *plan[:-2], sep="\n   ", file=sys.stderr)


def _close() -> None:
    from django.db import connections  # noqa: PLC0415

    connections.close_all()


if __name__ == "__main__":
    _work()
