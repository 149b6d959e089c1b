"""A feed page of 10 beside Django's floor and beside plain DRF, and likes of one hot clip."""

import json
import os
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack, suppress
from dataclasses import dataclass, field
from io import BytesIO
from pathlib import Path
from typing import Any

from bench import ROOT
from bench.rows import Reading, Row
from config.management.commands.web import ONE_THREAD

SIZES = (10_000, 1_000_000)
ROUNDS = 25
PAGES_OF_A_LIST, LISTS_PER_ROUND = 15, 4
PAGES_PER_ROUND = PAGES_OF_A_LIST * LISTS_PER_ROUND
DRF_PAGES_PER_ROUND = 4
VISITS_PER_ROUND = 100
"""Within the two seconds for which visitors share the bytes of a page."""

LIKERS, LIKES_EACH, LIKE_ROUNDS = 16, 25, 3

READING = Reading(
    title="Feed",
    how=(
        "Everything is called in one process, as a server would call it, in turns for "
        f"{ROUNDS} rounds, through the same middleware; Postgres and Valkey are the embedded ones "
        f"with data of their own. A round of ours is {LISTS_PER_ROUND} lists one after the other, "
        f"{PAGES_OF_A_LIST} pages of each, so the ranking of what follows is in it as often as "
        "it happens; its time is divided by its pages, and the medians of the rounds are "
        "compared; the floor's rounds are as long. *Floor*: a view that answers constant JSON of "
        "the same size, written by orjson. *DRF*: a ModelSerializer with nested "
        "serializers, select_related, annotated flags and a NOT EXISTS for what was seen, newest "
        "first. The person has an API key, follows 50 of 1,000 authors, has liked 100 clips and "
        "met 500. Of *trending* 100 pages are asked for in a round, within the two seconds for "
        "which visitors share one; the first of them is put together. CPU is of the calling "
        "process and of Valkey and Postgres together. numpy works "
        "on one thread, as in the web server. *Likes*: "
        f"{LIKERS} people at once like one clip, {LIKES_EACH} clips' worth of statements each, "
        "against INSERT and UPDATE of the counter in one transaction, after the same check, and "
        "without telling anybody."
    ),
    means=(
        "What a personal page costs beside what Django costs anyway, that it does not grow with "
        "the number of clips, and that a clip everybody likes at once locks nobody out."
    ),
    means_not=(
        "No network and no web server: nothing is said of requests per second. Nothing is learned "
        "from events here, so the item models are not in the ranking. In *for you* the viewer does "
        "nothing that changes a page, and reads all that was ranked: of 15 pages the first has "
        "three ranked and the fourth twelve. Who watches, likes or skips between any two pages has "
        "*changed*, where each page is ranked anew, and being told so is in it too; in *no "
        "ranking* the page was ranked before. A person's pages lie between the two."
    ),
)

PEOPLE = """
INSERT INTO accounts_user (id, handle, email, display_name, bio, picture_digest, role, password,
                           is_active, is_staff, is_superuser, is_trusted_flagger)
SELECT uuidv7(), 'bench' || n, 'bench' || n || '@example.org', 'Person ' || n, '', '', 'creator',
       '', true, false, false, false
FROM generate_series(1, 1000) AS n
"""
CLIPS = """
WITH author AS (SELECT id, row_number() OVER (ORDER BY id) AS n FROM accounts_user), made AS (
    INSERT INTO clips_video (id, owner_id, prompt, engine, seed, digest, width, height,
                             frame_count, duration_seconds, provenance, digital_source_type, origin)
    SELECT uuidv7(), author.id, 'a red fox in the snow ' || i, 'bench', i,
           encode(sha256(i::text::bytea), 'hex'), 720, 1280, 16, 2, 'generated',
           'trainedAlgorithmicMedia', 'made'
    FROM generate_series(%(first)s::int, %(last)s::int) AS i
    JOIN author ON author.n = 1 + (i * 7919::bigint) %% 1000
    RETURNING id, owner_id, digest, seed
), posted AS (
    INSERT INTO clips_clip (id, video_id, author_id, caption, hashtags, privacy, state, reason,
                            digest, allowed_digest, attempts, published_at, like_count,
                            comment_count, view_count, completion_count, limits,
                            is_kept_from_minors, allows_remixes)
    SELECT uuidv7(), id, owner_id, 'Clip ' || seed, ARRAY['tag' || seed %% 50, 'tag' || seed %% 7],
           CASE WHEN seed %% 10 = 0 THEN 'followers' ELSE 'public' END, 'published', '', digest,
           digest, 0, now() - seed * interval '1 minute', seed %% 97, 0, 100, seed %% 89,
           '{}', false, true
    FROM made RETURNING id
)
INSERT INTO feed_entry (clip_id) SELECT id FROM posted
"""
RECEIVED = """
INSERT INTO feed_clip_responses (clip_id, impressions, watched, completions, likes)
SELECT id, 100, 80, completion_count, like_count FROM clips_clip
ON CONFLICT DO NOTHING
"""
MEANT = """
UPDATE feed_entry SET embedding = (
    SELECT array_agg(part)::real[]::halfvec(384)
    FROM (SELECT random() - 0.5 + number * 0 AS part FROM generate_series(1, 384)) AS parts
)
WHERE number = ANY(%(numbers)s) AND embedding IS NULL
"""
HABITS = (
    """
    INSERT INTO social_follow (follower_id, followee_id)
    SELECT %(viewer)s, id FROM accounts_user WHERE id <> %(viewer)s ORDER BY handle LIMIT 50
    """,
    """
    INSERT INTO social_like (user_id, clip_id)
    SELECT %(viewer)s, id FROM clips_clip WHERE privacy = 'public' ORDER BY digest LIMIT 100
    """,
    """
    INSERT INTO social_view (id, clip_id, viewer_id, watched_seconds, completed)
    SELECT uuidv7(), id, %(viewer)s, 2, true FROM clips_clip ORDER BY published_at DESC LIMIT 500
    """,
    """
    INSERT INTO feed_event (day, id, viewer_id, clip_id, author_id, action, at, watched_seconds,
                            duration_seconds, is_completed)
    SELECT (now() AT TIME ZONE 'UTC')::date, gen_random_uuid(), %(viewer)s, id, author_id, 'watch',
           now() - interval '1 hour', 2, 2, true
    FROM clips_clip WHERE privacy = 'public' ORDER BY published_at DESC LIMIT 500
    """,
)


def measure() -> list[Row]:
    """Pages at every size against floor and DRF of the same run, and likes."""
    command = [sys.executable, "-m", "bench.feed"]
    done = subprocess.run(  # noqa: S603 - this module
        command,
        stdout=subprocess.PIPE,
        check=True,
        text=True,
        cwd=ROOT,
        env=os.environ | ONE_THREAD,
    )
    found = json.loads(done.stdout.splitlines()[-1])
    rows = [row for size in SIZES for row in _rows(size, found[str(size)])]
    small, large = (found[str(size)]["for you"]["wall"] for size in SIZES)
    rows.append(Row(f"for you, {SIZES[1]:,} clips ÷ {SIZES[0]:,}", large, small, "ms"))
    ours, naive = found["likes"]
    rows.append(Row("like of a hot clip ÷ INSERT and UPDATE", ours, naive, "ms"))
    return rows


def _rows(size: int, found: dict[str, dict[str, float]]) -> Iterator[Row]:
    floor, drf = found["floor"], found["DRF"]
    for name in ("for you", "for you, no ranking", "for you, changed", "trending, visitor"):
        ours = found[name]
        for kind, label in (("wall", ""), ("cpu", ", CPU")):
            yield Row(f"{size:,} clips: {name} ÷ floor{label}", ours[kind], floor[kind], "ms")
            yield Row(f"{size:,} clips: {name} ÷ DRF{label}", ours[kind], drf[kind], "ms")


def _work() -> None:
    """In a process of its own, because Django reads its settings once."""
    with tempfile.TemporaryDirectory() as folder, ExitStack() as servers:
        _start(Path(folder), servers)
        token = _population()
        found: dict[str, Any] = {}
        present = 0
        for size in SIZES:
            began = time.monotonic()
            _grow(present, size)
            print(f"{size:,} clips in {time.monotonic() - began:.0f} s", file=sys.stderr)
            present = size
            found[str(size)] = _timed(token)
            print(found, file=sys.stderr)
        found["likes"] = _likes()
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
        # A million embeddings would take an hour to index; pages never look one up.
        cursor.execute("DROP INDEX entry_by_meaning")
    viewer = open_account(
        "viewer_of_it", email="viewer@example.org", password=os.urandom(9).hex(), role=Role.CREATOR
    )
    return create_api_key(viewer, name="bench", now=timezone.now())[1]


def _grow(present: int, size: int) -> None:
    """More clips, the viewer's habits anew, and what workers make of it all."""
    from django.db import connection  # noqa: PLC0415
    from django.utils import timezone  # noqa: PLC0415

    from accounts.models import User  # noqa: PLC0415
    from common.memory import valkey  # noqa: PLC0415
    from feed.distribution.cataloguing import write_catalogue  # noqa: PLC0415
    from feed.serving.catalogues import loaded_catalogue  # noqa: PLC0415
    from feed.serving.fragments import build_missing  # noqa: PLC0415

    viewer = User.objects.get(handle="viewer_of_it").pk
    with connection.cursor() as cursor:
        # Without triggers: what they would do for every clip is done for all of them here.
        cursor.execute("SET session_replication_role = replica; SET synchronous_commit = off")
        cursor.execute(CLIPS, {"first": present + 1, "last": size})
        cursor.execute(RECEIVED)
        cursor.execute("TRUNCATE social_follow, social_like, social_view, feed_event")
        for habit in HABITS:
            cursor.execute(habit, {"viewer": viewer})
        cursor.execute("SET session_replication_role = origin; RESET synchronous_commit")
        cursor.execute("VACUUM ANALYZE")
    valkey().flushall()
    write_catalogue(now=timezone.now())
    chosen = loaded_catalogue().look()
    assert chosen is not None  # noqa: S101 - it was just written
    with connection.cursor() as cursor:
        cursor.execute(MEANT, {"numbers": [int(number) for number in chosen.numbers]})
    write_catalogue(now=timezone.now())
    chosen = loaded_catalogue().look()
    assert chosen is not None  # noqa: S101 - the same
    build_missing(chosen.ids)


@dataclass
class Timed:
    """What `pages` calls of `call` took, round for round, in milliseconds each."""

    call: Callable[[], int]
    wall: list[float] = field(default_factory=list)
    cpu: float = 0.0
    pages: int = 0

    def round(self) -> None:
        """One round more."""
        servers, spent, began = _servers_seconds(), time.process_time(), time.perf_counter()
        pages = self.call()
        self.wall.append((time.perf_counter() - began) * 1000 / pages)
        spent = time.process_time() - spent + _servers_seconds() - servers
        self.cpu += spent * 1000
        self.pages += pages

    def found(self) -> dict[str, float]:
        """The median round's wall time, and the CPU time, of a page."""
        return {"wall": statistics.median(self.wall), "cpu": self.cpu / self.pages}


def _timed(token: str) -> dict[str, dict[str, float]]:
    """What a page costs, by who answers it."""
    from accounts.models import User  # noqa: PLC0415
    from feed.serving.ready import mark_dirty  # noqa: PLC0415

    viewer = User.objects.get(handle="viewer_of_it").pk
    get, key = _getter(), f"Bearer {token}"
    first = json.loads(get("/api/v1/feed", "mode=for_you", key))
    same = f"mode=for_you&cursor={first['meta']['next_cursor']}"
    sides = {
        "floor": Timed(_many(lambda: get("/bench-floor", "", ""))),
        "DRF": Timed(_many(lambda: get("/bench-drf", "", key), pages=DRF_PAGES_PER_ROUND)),
        "for you": Timed(lambda: _walk(get, key, lambda: None)),
        "for you, no ranking": Timed(_many(lambda: get("/api/v1/feed", same, key))),
        "for you, changed": Timed(lambda: _walk(get, key, lambda: mark_dirty(viewer))),
        "trending, visitor": Timed(
            _many(lambda: get("/api/v1/feed", "mode=trending", ""), pages=VISITS_PER_ROUND)
        ),
    }
    for side in sides.values():
        side.call()
        side.call()
    for _ in range(ROUNDS):
        for side in sides.values():
            side.round()
    return {name: side.found() for name, side in sides.items()}


def _many(page: Callable[[], object], *, pages: int = PAGES_PER_ROUND) -> Callable[[], int]:
    """So many times the same page."""

    def call() -> int:
        for _ in range(pages):
            page()
        return pages

    return call


def _walk(get: Callable[[str, str, str], bytes], key: str, before: Callable[[], None]) -> int:
    """New lists, and on in each of them."""
    for _ in range(LISTS_PER_ROUND):
        cursor = ""
        for _ in range(PAGES_OF_A_LIST):
            before()
            body = get("/api/v1/feed", f"mode=for_you{cursor}", key)
            # Cut out, because what a reader's parser costs is nobody's page.
            cursor = "&cursor=" + body.rpartition(b'"next_cursor":"')[2].partition(b'"')[0].decode()
    return PAGES_PER_ROUND


def _servers_seconds() -> float:
    """What the servers that this process started have used of the processors, ended ones too."""
    import psutil  # noqa: PLC0415

    for child in psutil.Process().children(recursive=True):
        with suppress(psutil.NoSuchProcess):
            times = child.cpu_times()
            _used[child.pid, child.create_time()] = times.user + times.system
    return sum(_used.values())


_used: dict[tuple[int, float], float] = {}


def _getter() -> Callable[[str, str, str], bytes]:
    """Calls the WSGI application as a server would, and checks that a page has ten clips."""
    app = _application()
    environ: dict[str, Any] = {
        "REQUEST_METHOD": "GET",
        "SERVER_NAME": "127.0.0.1",
        "SERVER_PORT": "8000",
        "REMOTE_ADDR": "127.0.0.1",
        "SERVER_PROTOCOL": "HTTP/1.1",
        "wsgi.url_scheme": "http",
        "wsgi.errors": sys.stderr,
    }

    def get(path: str, query: str, authorization: str = "") -> bytes:
        asked = environ | {"PATH_INFO": path, "QUERY_STRING": query, "wsgi.input": BytesIO()}
        if authorization:
            asked["HTTP_AUTHORIZATION"] = authorization
        answer = app(asked, lambda *_: None)
        body = b"".join(answer)
        answer.close()
        assert body.count(b'"caption"') == 10, body[:500]  # noqa: S101, PLR2004
        return body

    return get


def _application() -> Any:
    import orjson  # noqa: PLC0415
    from django.core.handlers.wsgi import WSGIHandler  # noqa: PLC0415
    from django.http import HttpRequest, HttpResponse  # noqa: PLC0415
    from django.test import RequestFactory  # noqa: PLC0415
    from django.urls import path  # noqa: PLC0415

    from bench.plain import PlainFeedView  # noqa: PLC0415
    from config import urls  # noqa: PLC0415
    from feed.views.feed import feed  # noqa: PLC0415

    request = RequestFactory().get("/api/v1/feed", {"mode": "trending"})
    constant = orjson.loads(feed(request).content)  # type: ignore[attr-defined]

    def floor(_request: HttpRequest) -> HttpResponse:
        return HttpResponse(orjson.dumps(constant), content_type="application/json")

    urls.urlpatterns[:] = [
        path("bench-floor", floor, name="bench-floor"),
        path("bench-drf", PlainFeedView.as_view(), name="bench-drf"),
        *(one for one in urls.urlpatterns if "bench" not in (getattr(one, "name", None) or "")),
    ]
    return WSGIHandler()


def _likes() -> tuple[float, float]:
    """Milliseconds of a like: ours, and naive; by all likers at once, each sent twice."""
    from accounts.models import User  # noqa: PLC0415
    from clips.models import Clip  # noqa: PLC0415
    from social.counting import add_waiting_counts  # noqa: PLC0415
    from social.services.liking import like  # noqa: PLC0415

    people = list(User.objects.order_by("handle")[: LIKERS * LIKES_EACH])
    hot = list(Clip.objects.filter(privacy="public").order_by("-published_at")[: 2 * LIKE_ROUNDS])
    taken: tuple[list[float], list[float]] = ([], [])
    for number, clip in enumerate(hot):
        before = clip.like_count
        act = _naive_like if number % 2 else like
        taken[number % 2].append(_liked_by_all(people, clip.pk, act))
        while add_waiting_counts():
            pass
        clip.refresh_from_db()
        assert clip.like_count == before + len(people), (before, clip.like_count)  # noqa: S101
    return statistics.median(taken[0]), statistics.median(taken[1])


def _liked_by_all(people: list[Any], clip_id: Any, act: Callable[..., object]) -> float:
    from concurrent.futures import ThreadPoolExecutor  # noqa: PLC0415

    from django.db import connection  # noqa: PLC0415

    def like_for(part: list[Any]) -> None:
        if act is _naive_like:
            connection.ensure_connection()
            # Nobody naive would ask after every UPDATE what it set off.
            connection.execute_wrappers.clear()
        for person in part:
            for _ in range(2):
                act(person, clip_id)
        connection.close()

    parts = [people[n::LIKERS] for n in range(LIKERS)]
    began = time.perf_counter()
    with ThreadPoolExecutor(LIKERS) as threads:
        list(threads.map(like_for, parts))
    return (time.perf_counter() - began) * 1000 / (2 * len(people))


def _naive_like(person: Any, clip_id: Any) -> None:
    from django.db import transaction  # noqa: PLC0415
    from django.db.models import F  # noqa: PLC0415

    from clips.models import Clip  # noqa: PLC0415
    from social.models.likes import Like  # noqa: PLC0415
    from social.selectors.shown import shown_clip  # noqa: PLC0415

    clip = shown_clip(person, clip_id)
    with transaction.atomic():
        if not Like.objects.filter(user=person, clip=clip).exists():
            Like.objects.create(user=person, clip=clip)
            Clip.objects.filter(pk=clip.pk).update(like_count=F("like_count") + 1)


def _close() -> None:
    from django.db import connections  # noqa: PLC0415

    connections.close_all()


if __name__ == "__main__":
    _work()
