"""Choosing which clips pages are ranked from, and writing them down as one file.

At most MOST_CLIPS, however many there are: the newest, those that are received well lately or ever,
and chance's choice of all others.  The whole choice is made every CHOICE_SECONDS; in between the
clips of the last one stay, new ones come in, and all columns are read anew.
"""

from collections.abc import Iterable, Sequence
from datetime import datetime
from math import log
from typing import Any, Final

import numpy as np
import numpy.typing as npt
import orjson
from django.contrib.auth.models import AnonymousUser
from django.db import connection
from django.db.models import TextField
from django.db.models.functions import Cast

from common.memory import valkey
from feed.candidates import recommended_clips
from feed.models.entries import Entry
from feed.models.serving import Artefact
from feed.ranking.catalogue import (
    NOWHERE,
    PROVENANCES,
    RESPONSES,
    TREND_HOURS,
    Catalogue,
    Floats,
    Places,
    author_key,
    words_of,
)
from feed.ranking.responses import POSITIVE
from feed.serving.artefacts import keep_artefact, newest_artefact
from feed.serving.catalogues import (
    CATALOGUE_CHANGED,
    NAME,
    loaded_catalogue,
    no_clips,
    packed,
)
from language.minilm import WIDTH

MOST_CLIPS = 20_000
NEWEST, LATELY, BEST, CHANCE = 8_000, 4_000, 4_000, 4_000
CHOICE_SECONDS = 600
OLDEST_SECONDS = 60.0
CLIPS_PER_SECOND = 1000.0
CHOSEN = "feed:catalogue:chosen"
SECONDS_PER_HOUR = 3600.0
LN2: Final = log(2)
TINY = 1e-12
AT_ONCE = 2000

LATELY_LIKED = """
SELECT entry.number
FROM feed_event AS event JOIN feed_entry AS entry ON entry.clip_id = event.clip_id
WHERE event.day >= %(day)s AND event.action IN ('like', 'comment', 'share', 'save', 'remix')
GROUP BY entry.number ORDER BY count(*) DESC LIMIT %(most)s
"""
BEST_EVER = """
SELECT entry.number
FROM feed_clip_responses AS responses JOIN feed_entry AS entry USING (clip_id)
ORDER BY responses.likes + responses.shares + responses.completions DESC LIMIT %(most)s
"""
BY_CHANCE = """
SELECT entry.number
FROM (SELECT DISTINCT (random() * (SELECT max(number) FROM feed_entry))::int AS number
      FROM generate_series(1, %(most)s)) AS chosen
JOIN feed_entry AS entry USING (number)
"""
CLIP = (
    "entry__number",
    "pk",
    "author_id",
    "published_at",
    "is_kept_from_minors",
    "caption",
    "hashtags",
    "video__prompt",
    "video__duration_seconds",
    "video__provenance",
    *(f"responses__{name}" for name in RESPONSES),
)
NUMBER, CLIP_ID, AUTHOR, AT, KEPT, CAPTION, TAGS, PROMPT, SECONDS, PROVENANCE = range(10)
FIRST_RESPONSE = 10


def is_due(*, now: datetime) -> bool:
    """Whether to write another: at once when clips came or went, but not too often; else at times.

    The larger it is the rarer: a thousand clips may be written every second.
    """
    newest = newest_artefact(NAME)
    if newest is None:
        return True
    age = (now - newest.made_at).total_seconds()
    known = loaded_catalogue().current() or no_clips()
    if age >= OLDEST_SECONDS:
        return True
    return age >= len(known) / CLIPS_PER_SECOND and bool(valkey().getdel(CATALOGUE_CHANGED))


def write_catalogue(*, now: datetime) -> Artefact:
    """Write the newest catalogue; safe to run twice, and at once."""
    before = loaded_catalogue().look() or no_clips()
    numbers = _chosen(before, now=now)
    rows = _rows(numbers)
    catalogue = _catalogue(rows, before, now=now)
    return keep_artefact(NAME, packed(catalogue), now=now)


def _chosen(before: Catalogue, *, now: datetime) -> set[int]:
    """The numbers of the clips to look at; which of them may be shown is asked later."""
    newest = recommended_clips(AnonymousUser()).order_by("-published_at", "-id")
    numbers = set(newest.values_list("entry__number", flat=True)[:NEWEST])
    if len(numbers) == NEWEST:
        numbers |= _chosen_anew(now=now) if _is_time_to_choose() else set(before.numbers.tolist())
    return numbers - {None}


def _chosen_anew(*, now: datetime) -> set[int]:
    numbers = set[int]()
    with connection.cursor() as cursor:
        for query, most in ((LATELY_LIKED, LATELY), (BEST_EVER, BEST), (BY_CHANCE, CHANCE)):
            cursor.execute(query, {"day": now.date(), "most": most})
            numbers.update(number for (number,) in cursor)
    return numbers


def _is_time_to_choose() -> bool:
    return bool(valkey().set(CHOSEN, 1, nx=True, ex=CHOICE_SECONDS))


def _rows(numbers: Iterable[int]) -> list[Sequence[Any]]:
    shown = recommended_clips(AnonymousUser()).filter(entry__number__in=list(numbers))
    newest = shown.order_by("-entry__number").values_list(*CLIP)[:MOST_CLIPS]
    return list(newest)[::-1]


def _catalogue(rows: list[Sequence[Any]], before: Catalogue, *, now: datetime) -> Catalogue:
    numbers = np.array([row[NUMBER] for row in rows], np.uint32)
    published = np.array([row[AT].timestamp() for row in rows], np.float64)
    words = [words_of(row[PROMPT], row[CAPTION], row[TAGS]).lower() for row in rows]
    responses = np.array(
        [[count or 0 for count in row[FIRST_RESPONSE:]] for row in rows], np.float32
    ).reshape(len(rows), len(RESPONSES))
    known = before.places(numbers)
    return Catalogue(
        version=f"{now.timestamp():.3f}",
        numbers=numbers,
        ids=[row[CLIP_ID] for row in rows],
        authors=np.array([author_key(row[AUTHOR]) for row in rows], np.int64),
        published_at=published,
        durations=np.array([row[SECONDS] for row in rows], np.float32),
        provenances=np.array([PROVENANCES.index(row[PROVENANCE]) for row in rows], np.uint8),
        is_for_minors=np.array([not row[KEPT] for row in rows], np.bool_),
        embeddings=_meanings(numbers, words, before, known),
        responses=responses,
        trends=_trends(published, responses, before, known, now=now),
        hashtags=[frozenset(row[TAGS]) for row in rows],
        words=words,
    )


def _meanings(
    numbers: npt.NDArray[np.uint32], words: Sequence[str], before: Catalogue, known: Places
) -> npt.NDArray[np.float16]:
    """The embeddings (N, 384): those of the catalogue before, where the words are the same."""
    meanings = np.zeros((len(numbers), WIDTH), np.float16)
    asked = []
    for place, old in enumerate(known):
        if old != NOWHERE and before.words[old] == words[place] and before.embeddings[old].any():
            meanings[place] = before.embeddings[old]
        else:
            asked.append(int(numbers[place]))
    place_of = {int(number): place for place, number in enumerate(numbers)}
    found = Entry.objects.filter(number__in=asked, embedding__isnull=False)
    texts = found.annotate(text=Cast("embedding", TextField())).values_list("number", "text")
    for number, text in texts.iterator(AT_ONCE):
        meanings[place_of[number]] = orjson.loads(text)
    return meanings


def _trends(
    published: npt.NDArray[np.float64],
    responses: Floats,
    before: Catalogue,
    known: Places,
    *,
    now: datetime,
) -> Floats:
    """What is liked at the moment (N, T): what the catalogue before had, decayed, and what came.

    What is not in it counts as if it had been received evenly since its publication.
    """
    liked = _liked(responses)
    hours = np.maximum(0.0, now.timestamp() - published) / SECONDS_PER_HOUR
    passed = (
        max(0.0, now.timestamp() - float(before.version)) / SECONDS_PER_HOUR if len(before) else 0.0
    )
    is_known = known != NOWHERE
    before_trends = before.trends[known[is_known]]
    before_liked = _liked(before.responses)[known[is_known]]
    trends = np.empty((len(published), len(TREND_HOURS)), np.float32)
    for column, half_life in enumerate(TREND_HOURS):
        rate = LN2 / half_life
        share = np.where(hours > 0, -np.expm1(-rate * hours) / np.maximum(rate * hours, TINY), 1.0)
        trends[:, column] = liked * share
        added = np.maximum(0, liked[is_known] - before_liked)
        trends[is_known, column] = before_trends[:, column] * 0.5 ** (passed / half_life) + added
    return trends


def _liked(responses: Floats) -> npt.NDArray[np.float32]:
    columns = [RESPONSES.index(name) for name in POSITIVE]
    return np.asarray(responses[:, columns].sum(axis=1), np.float32)
