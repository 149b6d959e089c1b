"""What a sentence does to the next page, and what taking it back does."""

import json
import random
import statistics
import subprocess
import sys
import tempfile
from contextlib import ExitStack
from hashlib import sha256
from pathlib import Path
from typing import TYPE_CHECKING, Any

from bench import ROOT
from bench.rows import Reading, Row

if TYPE_CHECKING:
    from django.test import Client

CLIPS, AUTHORS, VIEWERS, SEED = 400, 25, 20, 7
TOPICS = {
    "apple": ("apple",),
    "car": ("car", "jeep", "automobile"),
    "cat": ("cat", "kitten", "kitty"),
    "frog": ("frog", "toad"),
    "fish": ("fish",),
    "eggplant": ("eggplant", "aubergine"),
    "pig": ("pig", "piglet"),
    "bear": ("brown bear", "teddy bear", "bear"),
    "panda": ("panda",),
    "snow": ("in the snow", "in winter", "on a snowy field", "on a cold winter day"),
    "night": ("at night", "under the stars", "in the moonlight", "at midnight"),
    "ocean": ("in the sea", "in the ocean", "beneath the waves", "underwater"),
    "beach": ("on a beach at sunset", "on the beach", "on the sand at sunset"),
    "meadow": ("in a meadow", "in the grass", "on a grassy hill", "on a lawn"),
}
"""What the small model's prompts are about, by the word asked for, and how prompts say it."""
PLACES = ("snow", "night", "ocean", "beach", "meadow")
THINGS = tuple(name for name in TOPICS if name not in PLACES)
MOTIONS = ("bouncing", "rising", "falling down", "sliding to the left", "running to the right")

READING = Reading(
    title="Steering in words",
    how=(
        f"{CLIPS:,} published clips by {AUTHORS} people with prompts of the small model's "
        "vocabulary (9 things, 5 places, several words for each; a thing is in a ninth of them, a "
        f"place in a fifth), entered into the feed as always. {VIEWERS} new people each ask "
        "`GET /api/v1/feed` for a page of 10, say “more X, no Y” at `POST /api/v1/feed/steering`, "
        "ask for the page behind it, take their words back, and ask for the one behind that. X and "
        "Y are drawn from the 14 words; whether a clip is about them is known from its prompt's "
        "making, which the ranking does not see."
    ),
    means="How much of the very next page is what was asked for, and how much what was refused.",
    means_not=(
        "The prompts are simple and name their subject. Words with which nothing in the catalogue "
        "has to do move nothing but by chance."
    ),
)


def measure() -> list[Row]:
    """Shares of a page after the sentence, and after it was taken back, against those before."""
    command = [sys.executable, "-m", "bench.steering"]
    done = subprocess.run(  # noqa: S603 - this module
        command, stdout=subprocess.PIPE, check=True, text=True, cwd=ROOT
    )
    found: dict[str, dict[str, float]] = json.loads(done.stdout.splitlines()[-1])
    before, steered, after = found["before"], found["steered"], found["after"]
    return [
        Row("wanted, of the page after the sentence", steered["wanted"], before["wanted"], "%"),
        Row("refused, of the page after the sentence", steered["refused"], before["refused"], "%"),
        Row("wanted, once it is taken back", after["wanted"], before["wanted"], "%"),
        Row("refused, once it is taken back", after["refused"], before["refused"], "%"),
    ]


def publish_clips(number: int, *, authors: int, seed: int) -> dict[str, frozenset[str]]:
    """Publish clips and enter them into the feed; by id, the topics each is about.

    For a database that is empty, with Django set up.
    """
    from django.utils import timezone  # noqa: PLC0415 - settings are read at import

    from accounts.models import Role, User  # noqa: PLC0415
    from clips.models import Rendition  # noqa: PLC0415
    from clips.services import publish_clip, store_video, submit_rendered  # noqa: PLC0415
    from clips.states import CLIP_STATES, SCREENING  # noqa: PLC0415
    from common.transitions import move  # noqa: PLC0415
    from feed.distribution.cataloguing import write_catalogue  # noqa: PLC0415
    from feed.distribution.entering import give_meanings  # noqa: PLC0415
    from feed.serving.catalogues import loaded_catalogue  # noqa: PLC0415

    chance, now = random.Random(seed), timezone.now()  # noqa: S311 - a measurement
    people = [
        User.objects.create(handle=f"maker{n}", email=f"maker{n}@example.org", role=Role.CREATOR)
        for n in range(authors)
    ]
    about: dict[str, frozenset[str]] = {}
    for n in range(number):
        thing, place = chance.choice(THINGS), chance.choice(PLACES)
        words = (chance.choice(TOPICS[thing]), chance.choice(MOTIONS), chance.choice(TOPICS[place]))
        digest = sha256(str(n).encode()).hexdigest()
        video = store_video(
            list[Rendition](),
            owner=people[n % authors],
            prompt=f"a {' '.join(words)}",
            engine="bench",
            seed=n,
            digest=digest,
            width=360,
            height=640,
            frame_count=16,
            duration_seconds=2.0,
            digital_source_type="trainedAlgorithmicMedia",
        )
        clip = submit_rendered(video, caption="", hashtags=[], privacy="public", now=now)
        move(clip, states=CLIP_STATES, to=SCREENING, now=now)
        publish_clip(clip, allowed_digest=digest, now=now)
        about[str(clip.pk)] = frozenset({thing, place})
    while give_meanings(most=1000):
        pass
    write_catalogue(now=timezone.now())
    loaded_catalogue().look()
    return about


def steered_shares(
    about: dict[str, frozenset[str]], *, viewers: int, seed: int
) -> dict[str, dict[str, float]]:
    """Percent of a page that is wanted and refused: before, steered, and after; the means."""
    chance = random.Random(seed)  # noqa: S311 - a measurement
    found: dict[str, list[tuple[float, float]]] = {"before": [], "steered": [], "after": []}
    for n in range(viewers):
        program = _program(n)
        wanted, refused = chance.sample(list(TOPICS), 2)
        cursor = ""
        for name in found:
            if name == "steered":
                _say(program, f"more {wanted}, no {refused}")
            if name == "after":
                program.delete("/api/v1/feed/steering")
            page = program.get(
                "/api/v1/feed", {"limit": 10} | ({"cursor": cursor} if cursor else {})
            )
            told = page.json()
            cursor = told["meta"]["next_cursor"]
            topics = [about[clip["id"]] for clip in told["data"]]
            found[name].append(
                (
                    _percent(wanted in one for one in topics),
                    _percent(refused in one for one in topics),
                )
            )
    return {
        name: {
            "wanted": statistics.mean(one for one, _ in shares),
            "refused": statistics.mean(other for _, other in shares),
        }
        for name, shares in found.items()
    }


def _program(number: int) -> "Client":
    from django.test import Client  # noqa: PLC0415 - settings are read at import
    from django.utils import timezone  # noqa: PLC0415

    from accounts.models import User  # noqa: PLC0415
    from accounts.services import create_api_key  # noqa: PLC0415

    handle = f"viewer{number}"
    user = User.objects.create(handle=handle, email=f"{handle}@example.org")
    _, secret = create_api_key(user, name="bench", now=timezone.now())
    return Client(headers={"authorization": f"Bearer {secret}"}, SERVER_NAME="localhost")


def _say(program: "Client", text: str) -> None:
    answer = program.post("/api/v1/feed/steering", {"text": text}, content_type="application/json")
    if answer.status_code != 201:  # noqa: PLR2004 - made
        raise RuntimeError(answer.content.decode())


def _percent(flags: Any) -> float:
    return 100 * statistics.mean([float(one) for one in flags] or [0.0])


def _work() -> None:
    """In a process of its own, because Django reads its settings once."""
    from bench.feed import _start  # noqa: PLC0415

    with tempfile.TemporaryDirectory() as folder, ExitStack() as servers:
        _start(Path(folder), servers)
        about = publish_clips(CLIPS, authors=AUTHORS, seed=SEED)
        found = steered_shares(about, viewers=VIEWERS, seed=SEED)
        from django.db import connections  # noqa: PLC0415

        connections.close_all()
    print(json.dumps(found))


if __name__ == "__main__":
    _work()
